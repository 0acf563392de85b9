#include "executors/helper/file_selection.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/glob.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/project_paths.hpp"

extern char** environ;

namespace executors::helper {

namespace {

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

/// `links`: O_NOFOLLOW, or 0 where `directory` may be a link.
std::vector<std::string> names_in(const std::string& directory, int links = O_NOFOLLOW) {
    UniqueFd opened =
        open_long(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY | links);
    if (!opened) fail_errno("read directory " + directory);
    const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(opened.get()));
    if (!listing) fail_errno("read directory " + directory);
    static_cast<void>(opened.release());  // closedir() closes it
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

std::string path_in(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

/// What stands in front of the last slash; "" without one.
std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// The output of git, names with a zero byte at the end; nothing when there is no git or no
/// repository.
std::optional<std::string> untracked_names() {
    Pipe pipe = make_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // With GIT_STRATEGY=none, the repository may be that of a former job: git must not run what its
    // configuration names.
    std::array<std::string, 8> words{
        "git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "ls-files", "-o", "-z"};
    std::array<char*, 9> arguments{};
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

struct Exclude {
    const std::string& given;
    base::Glob glob;
    std::size_t count = 0;
};

class Selector {
  public:
    Selector(const SelectionRequest& request, const Report& report)
        : request_(request), report_(report) {}

    Selection select() {
        for (const std::string& pattern : request_.excludes) take_exclude(pattern);
        for (const std::string& path : request_.paths) take_path(path);
        if (request_.untracked) take_untracked();
        for (const Exclude& exclude : excludes_) {
            if (exclude.count == 0) continue;
            report_.info(exclude.given + ": excluded " + std::to_string(exclude.count) + " files");
        }
        return std::move(selection_);
    }

  private:
    void warn_of_outside(const std::string& given) const {
        report_.warning("artifact path is not a subpath of project directory: " + given);
    }

    void take_exclude(const std::string& given) {
        const auto pattern = paths_.relative(given);
        if (!pattern) return warn_of_outside(given);
        excludes_.push_back({given, base::Glob(*pattern, base::GlobDialect::kDoublestar)});
    }

    void take_path(const std::string& given) {
        const auto pattern = paths_.relative(given);
        if (!pattern) return warn_of_outside(given);
        const bool wild = has_wildcard(*pattern);
        const std::string begin = wild ? fixed_part(*pattern) : parent_of(*pattern);
        if (!paths_.is_inside(begin)) {
            report_.warning(given + ": " + begin +
                            " leads out of the project directory through a link");
            return;
        }
        found_ = 0;
        if (wild) {
            search(begin, *pattern);
        } else {
            add_tree(*pattern);
        }
        tell_found(given);
    }

    void tell_found(const std::string& given) {
        if (found_ == 0) {
            report_.warning(given +
                            ": no matching files. Ensure that the artifact path is relative to the "
                            "working directory (" +
                            paths_.shown() + ")");
        } else {
            report_.info(given + ": found " + std::to_string(found_) +
                         " matching artifact files and directories");
        }
        tell_too_long(given);
    }

    void tell_too_long(const std::string& given) {
        if (too_long_ > 0) {
            report_.warning(given + ": left out " + std::to_string(too_long_) +
                            " files and directories with paths of more than " +
                            std::to_string(kMostPathBytes) + " bytes");
        }
        too_long_ = 0;
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
        tell_too_long("untracked");
    }

    /// Adds what matches `pattern` below `begin`, which may be a link.
    void search(const std::string& begin, const std::string& pattern) {
        struct stat status {};
        if (::stat(begin.empty() ? "." : begin.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
            return;
        const auto limit = depth_limit(pattern);
        const base::Glob glob(pattern, base::GlobDialect::kDoublestar);
        std::vector<std::string> directories{begin};
        for (int links = 0; !directories.empty(); links = O_NOFOLLOW) {
            const std::string directory = std::move(directories.back());
            directories.pop_back();
            if (limit && depth_of(directory) >= *limit) continue;
            for (const std::string& name : names_in(directory, links)) {
                std::string path = path_in(directory, name);
                if (glob.matches(path)) {
                    add_tree(path);
                } else if (is_short(path) && lstat_long(path, status) == 0 &&
                           S_ISDIR(status.st_mode)) {
                    directories.push_back(std::move(path));
                }
            }
        }
    }

    bool is_short(const std::string& path) {
        if (path.size() <= kMostPathBytes) return true;
        ++too_long_;
        return false;
    }

    void add_tree(const std::string& top) {
        std::vector<std::string> left{top};
        while (!left.empty()) {
            const std::string path = std::move(left.back());
            left.pop_back();
            struct stat status {};
            if (!is_short(path) || lstat_long(path.empty() ? "." : path, status) != 0) continue;
            if (!path.empty()) add(path, status);
            if (!S_ISDIR(status.st_mode)) continue;
            for (const std::string& name : names_in(path)) left.push_back(path_in(path, name));
        }
    }

    void add(const std::string& path, const struct stat& status) {
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
            return;
        for (Exclude& exclude : excludes_) {
            if (!exclude.glob.matches(path)) continue;
            ++exclude.count;
            return;
        }
        ++found_;
        selection_.emplace(path, status);
    }

    const SelectionRequest& request_;
    const Report& report_;
    ProjectPaths paths_;
    std::vector<Exclude> excludes_;
    Selection selection_;
    std::size_t found_ = 0;
    std::size_t too_long_ = 0;
};

}  // namespace

Selection select_files(const SelectionRequest& request, const Report& report) {
    return Selector(request, report).select();
}

}  // namespace executors::helper
