#include "runner/script/clean_without_git.hpp"

#include <sstream>
#include <utility>

#include "runner/script/former_files.hpp"

namespace runner::script {

namespace {

class CleanFlagsReader {
  public:
    CleanFlags read(const std::string& text) {
        if (text == "none") return {};
        std::istringstream words(text.empty() ? "-ffdx" : text);
        for (std::string word; words >> word;) take(word);
        flags_.all = directories_ && ignored_ && understood_;
        return std::move(flags_);
    }

  private:
    void take(const std::string& word) {
        if (pattern_follows_) {
            pattern_follows_ = false;
            flags_.exclude.push_back(word);
        } else if (word == "--exclude") {
            pattern_follows_ = true;
        } else if (word.starts_with("--exclude=")) {
            flags_.exclude.push_back(word.substr(10));
        } else if (word == "--force" || word == "--quiet") {
            return;
        } else if (word.size() > 1 && word[0] == '-' && word[1] != '-') {
            take_letters(word.substr(1));
        } else {
            understood_ = false;
        }
    }
    void take_letters(const std::string& letters) {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            switch (letters[i]) {
                case 'f':
                case 'q': break;
                case 'd': directories_ = true; break;
                case 'x': ignored_ = true; break;
                case 'e':
                    pattern_follows_ = i + 1 == letters.size();
                    if (!pattern_follows_) flags_.exclude.push_back(letters.substr(i + 1));
                    return;
                default: understood_ = false;
            }
        }
    }

    CleanFlags flags_;
    bool directories_ = false;
    bool ignored_ = false;
    bool understood_ = true;
    bool pattern_follows_ = false;
};

/// A pattern of .gitignore as a test for find; "" when the pattern excludes nothing.
std::string find_test(std::string pattern) {
    if (pattern.starts_with('!')) return {};
    while (pattern.starts_with("**/")) pattern.erase(0, 3);
    std::string kind;
    if (pattern.ends_with('/')) {
        kind = "-type d ";
        pattern.pop_back();
    }
    const bool anchored = pattern.find('/') != std::string::npos;
    if (pattern.starts_with('/')) pattern.erase(0, 1);
    if (pattern.empty()) return {};
    return kind +
           (anchored ? "-path " + shell_quote("./" + pattern) : "-name " + shell_quote(pattern));
}

/// The patterns as one test for find; "" when all files go.
std::string kept_files(const std::vector<std::string>& patterns) {
    std::string kept;
    for (const std::string& pattern : patterns) {
        const std::string test = find_test(pattern);
        if (!test.empty()) kept += (kept.empty() ? "" : " -o ") + test;
    }
    return kept;
}

void remove_all_but(ShellWriter& writer, const ScriptContext& context, const std::string& kept) {
    const std::string rest = "find . -mindepth 1 \\( " + kept + " \\) -prune -o";
    const std::string remove_files = rest + " ! -type d -exec rm -f {} +";
    writer.line(remove_files + " || { " + open_project_command(context) + "; " + remove_files +
                "; }");
    // find names a directory before its files. The last of them to go takes the directory too: -p.
    writer.line(rest + " -type d -exec rmdir -p {} + 2> /dev/null || :");
}

}  // namespace

CleanFlags read_clean_flags(const std::string& text) { return CleanFlagsReader().read(text); }

void clean_without_git(ShellWriter& writer, const ScriptContext& context) {
    const std::string project = shell_quote(context.project());
    const CleanFlags flags = read_clean_flags(context.variables().get("GIT_CLEAN_FLAGS"));
    const std::string kept = kept_files(flags.exclude);
    if (flags.all && kept.empty()) {
        writer.line(remove_project_command(context));
        writer.line("mkdir -p " + project);
        return;
    }
    // Files of the former commit, which "git checkout" would remove.
    writer.line(remove_listed_files_command(context));
    writer.line("cd " + project);
    if (flags.all) remove_all_but(writer, context, kept);
}

}  // namespace runner::script
