#include "executors/helper/git_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_index.hpp"

namespace executors::helper {

namespace {

/// Never part of a repository that the runner has made.
constexpr std::array<const char*, 3> kForeign{"commondir", "gitdir", "hooks/post-checkout"};

/// What the administrator may keep (clean_git_config).
constexpr std::array<const char*, 8> kConfiguration{
    "config", "config.worktree", "hooks", "info", "branches", "remotes", "worktrees", "logs"};

/// States of commands that were not ended, and what the next fetch writes anew.
constexpr std::array<const char*, 14> kStates{
    "FETCH_HEAD",  "ORIG_HEAD",    "MERGE_HEAD",   "MERGE_MODE",   "MERGE_MSG",
    "AUTO_MERGE",  "SQUASH_MSG",   "rebase-merge", "rebase-apply", "sequencer",
    "REVERT_HEAD", "BISECT_START", "gc.pid",       "gc.log"};

constexpr std::array<const char*, 4> kDirectories{"objects", "refs", "modules", "lfs"};
struct KnownFile {
    const char* name;
    off_t most_bytes;  ///< a larger one is no file of git, and would not fit into memory
};
constexpr off_t kLineBytes = 4096;
constexpr off_t kListBytes = 1LL << 30;
constexpr std::array<KnownFile, 4> kFiles{{{"HEAD", kLineBytes},
                                           {"index", kListBytes},
                                           {"packed-refs", kListBytes},
                                           {"shallow", kListBytes}}};

bool is_hexadecimal(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A commit, or the name of a branch.
bool is_head(std::string_view text) {
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    constexpr std::string_view kBranch = "ref: refs/heads/";
    if (text.substr(0, kBranch.size()) == kBranch) return text.find("..") == std::string_view::npos;
    return (text.size() == 40 || text.size() == 64) && is_hexadecimal(text);
}

bool is_lock(const DirectoryEntry& entry) {
    constexpr std::string_view kEnd = ".lock";
    return entry.type == S_IFREG && entry.name.size() > kEnd.size() &&
           entry.name.compare(entry.name.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
}

/// Removes locks, and all that is neither file nor directory. False when this user may not change
/// a directory in it.
bool clean_data(int directory, int depth) {
    constexpr int kMostParts = 64;  // a ref's name has fewer; the rest is no ref
    if (!may_change(directory) || depth > kMostParts) return false;
    for (const auto& entry : entries_of(directory)) {
        if (entry.type == S_IFDIR) {
            const UniqueFd opened = enter_directory(directory, entry.name);
            if (!clean_data(opened.get(), depth + 1)) return false;
        } else if (entry.type != S_IFREG || is_lock(entry)) {
            remove_tree(directory, entry.name);
        }
    }
    return true;
}

/// One repository: the project's `.git`, or that of a submodule.
class Repository {
  public:
    Repository(int directory, const GitDirectoryRules& rules)
        : directory_(directory), rules_(rules) {}

    /// False when the repository is of no use: it has to be removed.
    bool clean() {
        if (!may_change(directory_)) return false;
        remove_names();
        for (const char* name : kDirectories) {
            if (!expect(name, S_IFDIR)) return false;
        }
        for (const auto& file : kFiles) {
            expect(file.name, S_IFREG);
            if (has(file.name) && size_in(directory_, file.name) > file.most_bytes)
                remove_tree(directory_, file.name);
        }
        for (const auto& entry : entries_of(directory_)) {
            if (is_lock(entry)) remove_tree(directory_, entry.name);
        }
        clean_head();
        clean_index();
        return clean_objects() && clean_refs();
    }
    [[nodiscard]] bool has(const char* name) const { return type_in(directory_, name) != 0; }

  private:
    void remove_names() {
        for (const char* name : kStates) remove_tree(directory_, name);
        if (type_in(directory_, "hooks") == S_IFLNK) remove_tree(directory_, "hooks");
        for (const char* name : kForeign) remove_in_subdirectory(name);
        if (rules_.keep_config) return;
        for (const char* name : kConfiguration) remove_tree(directory_, name);
    }

    /// `path` has one part or two.
    void remove_in_subdirectory(const std::string& path) {
        const auto slash = path.find('/');
        if (slash == std::string::npos) return remove_tree(directory_, path);
        const std::string parent = path.substr(0, slash);
        if (type_in(directory_, parent) != S_IFDIR) return;
        const UniqueFd opened = enter_directory(directory_, parent);
        remove_tree(opened.get(), path.substr(slash + 1));
    }

    /// Removes what is not of the type. False for a directory that git would not make anew.
    bool expect(const char* name, mode_t type) {
        const mode_t found = type_in(directory_, name);
        if (found == 0 || found == type) return true;
        remove_tree(directory_, name);
        return std::string_view(name) != "objects" && std::string_view(name) != "refs";
    }

    bool clean_objects() {
        if (!has("objects")) return true;
        const UniqueFd objects = enter_directory(directory_, "objects");
        // Alternates lead to other repositories. Git makes the rest of it again.
        if (!rules_.keep_config) remove_tree(objects.get(), "info");
        return clean_data(objects.get(), 0);
    }

    bool clean_refs() {
        if (has("refs")) {
            const UniqueFd refs = enter_directory(directory_, "refs");
            remove_tree(refs.get(), "replace");
            if (!clean_data(refs.get(), 0)) return false;
        }
        if (!has("packed-refs")) return true;
        const std::string packed = read_file_in(directory_, "packed-refs");
        if (packed.find(" refs/replace/") != std::string::npos)
            remove_tree(directory_, "packed-refs");
        return true;
    }

    void clean_head() {
        if (has("HEAD") && !is_head(read_file_in(directory_, "HEAD")))
            remove_tree(directory_, "HEAD");
    }

    void clean_index() {
        if (!has("index")) return;
        const auto index = read_git_index(read_file_in(directory_, "index"), rules_.sha256);
        if (!index.plain) remove_tree(directory_, "index");
    }

    int directory_;
    const GitDirectoryRules& rules_;
};

/// What git needs to use the repository of a submodule, whose address "git submodule sync" sets.
std::string module_config(bool sha256) {
    std::string text = "[core]\n\trepositoryformatversion = ";
    text += sha256 ? "1\n[extensions]\n\tobjectFormat = sha256\n[core]\n" : "0\n";
    return text +
           "\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
           "[remote \"origin\"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n";
}

void clean_modules(int directory, const GitDirectoryRules& rules, int depth);

/// `name` is a repository, or a part of a submodule's name, which may have slashes.
void clean_module(int parent, const std::string& name, const GitDirectoryRules& rules, int depth) {
    const UniqueFd opened = enter_directory(parent, name);
    Repository repository(opened.get(), rules);
    const bool is_repository = repository.has("HEAD") || repository.has("objects") ||
                               repository.has("refs") || repository.has("commondir");
    if (!is_repository) return clean_modules(opened.get(), rules, depth + 1);
    const bool whole = repository.clean() && repository.has("HEAD") && repository.has("objects") &&
                       repository.has("refs");
    if (!whole) return remove_tree(parent, name);
    if (!rules.keep_config) write_file_in(opened.get(), "config", module_config(rules.sha256));
    if (!repository.has("modules")) return;
    const UniqueFd inner = enter_directory(opened.get(), "modules");
    clean_modules(inner.get(), rules, depth + 1);
}

void clean_modules(int directory, const GitDirectoryRules& rules, int depth) {
    constexpr int kMostParts = 64;
    for (const auto& entry : entries_of(directory)) {
        if (entry.type != S_IFDIR || depth > kMostParts) {
            remove_tree(directory, entry.name);
        } else {
            clean_module(directory, entry.name, rules, depth);
        }
    }
}

/// The parts of a path, with ".." and "." resolved by their text; none for a path that leaves the
/// root.
std::vector<std::string> resolved(const std::string& path) {
    std::vector<std::string> parts;
    for (const std::string& part : split_text(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else if (parts.empty()) {
            return {};
        } else {
            parts.pop_back();
        }
    }
    return parts;
}

class Submodules {
  public:
    explicit Submodules(const std::string& project)
        : path_(project), project_(enter_directory(project)) {}

    void clean(const std::string& submodule) {
        const UniqueFd directory = open(submodule);
        if (directory) clean_tree(directory.get(), submodule, 0);
    }
    void empty(const std::string& submodule) {
        const UniqueFd directory = open(submodule);
        if (directory) empty_directory(directory.get());
    }

  private:
    /// Closed when it is not there. Git lays a submodule out in real directories: what is none on
    /// the way to it is removed.
    UniqueFd open(const std::string& submodule) {
        UniqueFd directory = enter_directory(project_.get(), ".");
        for (const std::string& part : resolved(submodule)) {
            const mode_t type = type_in(directory.get(), part);
            if (type != S_IFDIR) {
                if (type != 0) remove_tree(directory.get(), part);
                return {};
            }
            directory = enter_directory(directory.get(), part);
        }
        return directory;
    }

    /// Empties `directory` when its `.git` is not right; else looks below it.
    void clean_tree(int directory, const std::string& path, int depth) {
        constexpr int kMostParts = 512;
        if (depth > kMostParts || !has_right_link(directory, path))
            return empty_directory(directory);
        for (const auto& entry : entries_of(directory)) {
            if (entry.type != S_IFDIR) continue;
            const UniqueFd opened = enter_directory(directory, entry.name);
            clean_tree(opened.get(), path + "/" + entry.name, depth + 1);
        }
    }

    [[nodiscard]] bool has_right_link(int directory, const std::string& path) const {
        const mode_t type = type_in(directory, ".git");
        if (type != S_IFREG) return type == 0;
        if (size_in(directory, ".git") > kLineBytes) return false;
        std::string text = read_file_in(directory, ".git");
        constexpr std::string_view kBegin = "gitdir: ";
        if (text.compare(0, kBegin.size(), kBegin) != 0) return false;
        text.erase(0, kBegin.size());
        if (!text.empty() && text.back() == '\n') text.pop_back();
        const std::string from_root =
            text.substr(0, 1) == "/" ? text : path_ + "/" + path + "/" + text;
        return is_module(resolved(from_root));
    }

    /// Whether the parts are <project>/.git/modules/<existing directory>.
    [[nodiscard]] bool is_module(const std::vector<std::string>& parts) const {
        auto root = resolved(path_);
        root.insert(root.end(), {".git", "modules"});
        if (parts.size() <= root.size() || !std::equal(root.begin(), root.end(), parts.begin()))
            return false;
        UniqueFd directory = enter_directory(project_.get(), ".");
        for (std::size_t i = root.size() - 2; i < parts.size(); ++i) {
            if (type_in(directory.get(), parts[i]) != S_IFDIR) return false;
            directory = enter_directory(directory.get(), parts[i]);
        }
        return true;
    }

    std::string path_;
    UniqueFd project_;
};

/// Paths that stay in the project.
std::vector<std::string> submodules_of(const std::string& project, bool sha256) {
    const UniqueFd git = enter_directory(project + "/.git");
    if (type_in(git.get(), "index") == 0) return {};
    auto paths = read_git_index(read_file_in(git.get(), "index"), sha256).submodules;
    std::erase_if(paths, [](const std::string& path) { return resolved(path).empty(); });
    return paths;
}

}  // namespace

void clean_git_directory(const std::string& project, const GitDirectoryRules& rules) {
    const UniqueFd directory = enter_directory(project);
    const mode_t type = type_in(directory.get(), ".git");
    if (type == 0) return;
    if (type != S_IFDIR) return remove_tree(directory.get(), ".git");
    const UniqueFd git = enter_directory(directory.get(), ".git");
    if (!Repository(git.get(), rules).clean()) return remove_tree(directory.get(), ".git");
    if (type_in(git.get(), "modules") == 0) return;
    const UniqueFd modules = enter_directory(git.get(), "modules");
    clean_modules(modules.get(), rules, 0);
}

void clean_submodules(const std::string& project, bool sha256) {
    Submodules submodules(project);
    for (const std::string& path : submodules_of(project, sha256)) submodules.clean(path);
}

void forget_submodules(const std::string& project, bool sha256) {
    Submodules submodules(project);
    for (const std::string& path : submodules_of(project, sha256)) submodules.empty(path);
    const UniqueFd git = enter_directory(project + "/.git");
    remove_tree(git.get(), "modules");
}

}  // namespace executors::helper
