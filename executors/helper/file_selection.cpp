#include "executors/helper/file_selection.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/glob.hpp"
#include "executors/helper/posix.hpp"

extern char** environ;

namespace executors::helper {

namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string_view part) { return part.find_first_of("*?[{\\") != part.npos; }

/// The parts of a pattern before the first wildcard: the directory where the search begins.
std::string fixed_part(const std::string& pattern) {
    std::string fixed;
    for (const std::string& part : split_text(pattern, '/')) {
        if (has_wildcard(part)) break;
        fixed += (fixed.empty() ? "" : "/") + part;
    }
    return fixed;
}

/// How many parts a match has at most; nothing when `**` or `{` allow any number.
std::optional<std::size_t> depth_limit(const std::string& pattern) {
    if (pattern.find("**") != std::string::npos || pattern.find('{') != std::string::npos)
        return std::nullopt;
    return static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/')) + 1;
}

std::size_t depth_of(const std::string& path) {
    return path.empty() ? 0
                        : static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1;
}

struct CloseDirectory {
    void operator()(DIR* listing) const { ::closedir(listing); }
};

std::vector<std::string> names_in(const std::string& directory) {
    const int opened = ::open(directory.empty() ? "." : directory.c_str(),
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0) fail_errno("read directory " + directory);
    const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(opened));
    if (!listing) fail_errno("read directory " + directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

/// The output of git, names with a zero byte at the end; nothing when there is no git or no
/// repository.
std::optional<std::string> untracked_names() {
    Pipe pipe = make_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    std::array<std::string, 6> words{"git", "-c", "safe.directory=*", "ls-files", "-o", "-z"};
    std::array<char*, 7> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    pid_t pid = -1;
    const int code = ::posix_spawnp(&pid, "git", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    pipe.write.reset();
    if (code != 0) return std::nullopt;
    std::string names = read_all(pipe.read.get());
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
    return names;
}

class Selector {
  public:
    Selector(const SelectionRequest& request, const Report& report)
        : request_(request), report_(report) {}

    Selection select() {
        for (const std::string& path : request_.paths) take_path(path);
        if (request_.untracked) take_untracked();
        for (std::size_t i = 0; i < request_.excludes.size(); ++i) {
            if (excluded_[i] == 0) continue;
            report_.info(request_.excludes[i] + ": excluded " + std::to_string(excluded_[i]) +
                         " files");
        }
        return std::move(selection_);
    }

  private:
    void take_path(const std::string& given) {
        const auto pattern = relative(given);
        if (!pattern) {
            report_.warning("artifact path is not a subpath of project directory: " + given);
            return;
        }
        found_ = 0;
        if (has_wildcard(*pattern)) {
            search(fixed_part(*pattern), *pattern);
        } else {
            add_tree(*pattern);
        }
        if (found_ == 0) {
            report_.warning(given +
                            ": no matching files. Ensure that the artifact path is relative to the "
                            "working directory (" +
                            fs::current_path().string() + ")");
        } else {
            report_.info(given + ": found " + std::to_string(found_) +
                         " matching artifact files and directories");
        }
    }

    /// The path relative to the project directory, "" for that directory; nothing when it is
    /// outside.
    static std::optional<std::string> relative(const std::string& given) {
        fs::path path = fs::path(given).lexically_normal();
        if (path.is_absolute()) path = path.lexically_relative(fs::current_path());
        std::string text = path.string();
        while (text.size() > 1 && text.back() == '/') text.pop_back();
        if (text.empty() || text == ".." || text.rfind("../", 0) == 0) return std::nullopt;
        return text == "." ? "" : text;
    }

    void take_untracked() {
        const auto names = untracked_names();
        if (!names) {
            report_.warning(
                "untracked: this environment has no git, or no repository here: nothing is added");
            return;
        }
        found_ = 0;
        for (const std::string& name : split_text(*names, '\0')) {
            if (!name.empty())
                add_tree(name.back() == '/' ? name.substr(0, name.size() - 1) : name);
        }
        report_.info("untracked: found " + std::to_string(found_) + " files");
    }

    /// Adds what matches `pattern` below `directory`.
    void search(const std::string& directory, const std::string& pattern) {
        struct stat status {};
        if (::lstat(directory.empty() ? "." : directory.c_str(), &status) != 0 ||
            !S_ISDIR(status.st_mode))
            return;
        const auto limit = depth_limit(pattern);
        if (limit && depth_of(directory) >= *limit) return;
        for (const std::string& name : names_in(directory)) {
            const std::string path = directory.empty() ? name : directory + "/" + name;
            if (base::doublestar_match(pattern, path)) {
                add_tree(path);
            } else {
                search(path, pattern);
            }
        }
    }

    void add_tree(const std::string& path) {
        struct stat status {};
        if (::lstat(path.empty() ? "." : path.c_str(), &status) != 0) return;
        if (!path.empty()) add(path, status);
        if (!S_ISDIR(status.st_mode)) return;
        for (const std::string& name : names_in(path))
            add_tree(path.empty() ? name : path + "/" + name);
    }

    void add(const std::string& path, const struct stat& status) {
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
            return;
        for (std::size_t i = 0; i < request_.excludes.size(); ++i) {
            if (!base::doublestar_match(request_.excludes[i], path)) continue;
            ++excluded_[i];
            return;
        }
        ++found_;
        selection_.emplace(path, status);
    }

    const SelectionRequest& request_;
    const Report& report_;
    Selection selection_;
    std::vector<std::size_t> excluded_ = std::vector<std::size_t>(request_.excludes.size(), 0);
    std::size_t found_ = 0;
};

}  // namespace

Selection select_files(const SelectionRequest& request, const Report& report) {
    return Selector(request, report).select();
}

}  // namespace executors::helper
