#include <fmt/format.h>

#include <sstream>

#include "runner/script/stages.hpp"

/// get_sources for an environment without git: which part of it runs where.
namespace runner::script {

namespace {

/// What "git clean" was asked for, as far as it can be carried out without git.
struct CleanFlags {
    /// Everything but the exclusions goes. Without -d and -x only git can tell what stays.
    bool all = false;
    std::vector<std::string> exclude;
};

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

/// A pattern of .gitignore as a test of find; "" when it excludes nothing.
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

void remove_all_but(ShellWriter& writer, const std::vector<std::string>& patterns) {
    std::string kept;
    for (const std::string& pattern : patterns) {
        const std::string test = find_test(pattern);
        if (!test.empty()) kept += (kept.empty() ? "" : " -o ") + test;
    }
    if (kept.empty()) {
        writer.line("for _runner_entry in * .[!.]* ..?*; do rm -rf -- \"$_runner_entry\"; done");
        return;
    }
    const std::string rest = "find . -mindepth 1 \\( " + kept + " \\) -prune -o";
    writer.line(rest + " ! -type d -exec rm -f {} +");
    // A directory comes before what it holds: -p takes it once it is empty.
    writer.line(rest + " -type d -exec rmdir -p {} + 2> /dev/null || :");
}

}  // namespace

std::string StageWriter::file_list() const { return tmp() + "/.runner-sources"; }

void StageWriter::clean_without_git(ShellWriter& writer) const {
    const std::string list = shell_quote(file_list());
    writer.line("cd " + shell_quote(project()));
    // What "checkout" would remove: files of the former commit.
    writer.line("if [ -f " + list + " ]; then xargs -0 rm -f < " + list + "; rm -f " + list +
                "; fi");
    const CleanFlags flags = CleanFlagsReader().read(variables_.get("GIT_CLEAN_FLAGS"));
    if (flags.all) remove_all_but(writer, flags.exclude);
}

/// The flags are the job's, the host is not.
base::Result<void> StageWriter::check_host_flags() const {
    std::istringstream flags(variables_.get("GIT_SUBMODULE_UPDATE_FLAGS"));
    for (std::string word; flags >> word;) {
        if (!word.starts_with("--ref")) continue;
        return base::make_error(base::ErrorKind::kConfiguration,
                                "GIT_SUBMODULE_UPDATE_FLAGS: " + word +
                                    " needs git in the job's image: the runner's host has no "
                                    "repository for jobs to refer to");
    }
    return {};
}

/// The job's variables are no environment of the host's git, but for what changes how it talks.
void StageWriter::hand_on_git_settings(ShellWriter& writer) const {
    for (const char* name : {"GIT_SSL_NO_VERIFY", "GIT_CURL_VERBOSE", "GIT_TRACE"}) {
        if (parse_bool(variables_.get(name)).value_or(false)) writer.export_variable(name, "1");
    }
}

base::Result<SplitSources> StageWriter::split_sources(const HostPlace& place) {
    if (auto known = check_sources(); !known) return known.error();
    if (auto known = check_host_flags(); !known) return known.error();
    const GitStrategy chosen = strategy();
    SplitSources parts;
    parts.checkout = variables_.flag("GIT_CHECKOUT", true);

    ShellWriter before;
    preamble(before);
    if (opens_files()) before.line("umask 0000");
    hook(before, "pre_get_sources_script");
    parts.before = finish(before);

    StageWriter outside = *this;
    outside.facts_.host = place;
    ShellWriter host;
    hand_on_git_settings(host);
    outside.run_git(host, chosen);
    parts.host = finish(host);

    ShellWriter clean;
    if (opens_files()) clean.line("umask 0000");
    clean.line((chosen == GitStrategy::kClone ? "rm -rf " + shell_quote(project()) + "; " : "") +
               "mkdir -p " + shell_quote(project()));
    if (chosen == GitStrategy::kFetch && parts.checkout) clean_without_git(clean);
    // The one that comes takes its place.
    if (parts.checkout) clean.line("rm -rf " + shell_quote(project() + "/.git"));
    parts.clean = finish(clean);

    ShellWriter after;
    preamble(after);
    if (opens_files()) after.line("umask 0000");
    write_git_config(after);
    after.line("cd " + shell_quote(project()));
    hook(after, "post_get_sources_script");
    parts.after = finish(after);
    return parts;
}

}  // namespace runner::script
