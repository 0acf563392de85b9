#include "executors/helper/sources_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <map>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_seed.hpp"
#include "executors/helper/tree.hpp"

namespace executors::helper {

namespace {

/// Between the path and a number, in the name of a directory that could not be removed. No path of
/// a project at GitLab has this character.
constexpr const char* kLeft = "~left-";

/// The path without slashes at its end, which would make open(2) follow a link.
std::string plain(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

/// The directories from `builds` to `path`, without these two, are real ones.
void replace_links(const std::string& builds, const std::string& path) {
    if (builds.empty() || path.compare(0, builds.size() + 1, builds + "/") != 0) return;
    if (::access(builds.c_str(), F_OK) != 0) return;
    UniqueFd directory(::open(builds.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) fail_errno("open directory " + builds);
    const auto parts = split_text(path.substr(builds.size() + 1), '/');
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const mode_t type = type_in(directory.get(), parts[i]);
        if (type == 0) return;
        if (type != S_IFDIR) return remove_tree(directory.get(), parts[i]);
        directory = enter_directory(directory.get(), parts[i]);
    }
}

/// The directory that `path` is in; closed when there is none.
UniqueFd open_parent(const std::string& path) {
    const std::string parent = directory_name(path);
    UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno != ENOENT) fail_errno("open directory " + parent);
    return directory;
}

void say(const std::string& text) {
    std::fprintf(stdout, "\x1b[0;33m%s\x1b[0;m\n", text.c_str());
    std::fflush(stdout);
}

/// A directory with files of another user can be renamed where it cannot be removed.
void set_aside(int parent, const std::string& path, const std::string& why) {
    const std::string name = base_name(path);
    for (int number = 1; number < 1000; ++number) {
        const std::string unused = name + kLeft + std::to_string(number);
        if (type_in(parent, unused) != 0) continue;
        if (::renameat(parent, name.c_str(), parent, unused.c_str()) != 0) break;
        say("Files of a former job belong to another user and cannot be removed (" + why +
            "). They are in " + directory_name(path) + "/" + unused + " now: remove them as root");
        return;
    }
    throw Failure("cannot remove " + path + " (" + why +
                  "): remove it as root, or run the job as the user that owns the files");
}

void remove_or_set_aside(int parent, const std::string& path) {
    try {
        remove_tree(parent, base_name(path));
    } catch (const Failure& failure) {
        set_aside(parent, path, failure.what());
    }
}

void remove_project(const SourcesOptions& options) {
    const UniqueFd parent = open_parent(options.project);
    if (parent) remove_or_set_aside(parent.get(), options.project);
}

/// Directories that an earlier job had to leave may belong to this job's user.
void remove_left(int parent, const std::string& path) {
    const std::string begin = base_name(path) + kLeft;
    for (const auto& entry : entries_of(parent)) {
        if (entry.name.compare(0, begin.size(), begin) != 0) continue;
        try {
            remove_tree(parent, entry.name);
        } catch (const Failure&) {
            continue;  // the job that left it has said so
        }
    }
}

/// A job with a seed has just got it.
void remove_seeds(const SourcesOptions& options) {
    if (options.builds.empty() || !options.seed.empty()) return;
    const UniqueFd builds(
        ::open(plain(options.builds).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (builds) remove_former_seeds(builds.get());
}

void begin(const SourcesOptions& options) {
    remove_seeds(options);
    replace_links(plain(options.builds), options.tmp);
    const UniqueFd parent = open_parent(options.tmp);
    if (!parent) return;
    const std::string name = base_name(options.tmp);
    const mode_t type = type_in(parent.get(), name);
    if (type != 0 && type != S_IFDIR) remove_tree(parent.get(), name);
    if (type == S_IFDIR) {
        try {
            const UniqueFd tmp = enter_directory(parent.get(), name);
            empty_directory(tmp.get());
        } catch (const Failure& failure) {
            set_aside(parent.get(), options.tmp, failure.what());
        }
    }
    for (const auto& path : {options.project, options.tmp}) remove_left(parent.get(), path);
}

void clean_repository(const SourcesOptions& options) {
    const UniqueFd parent = open_parent(options.project);
    if (!parent) return;
    const std::string name = base_name(options.project);
    const mode_t type = type_in(parent.get(), name);
    if (type == 0) return;
    if (type != S_IFDIR) return remove_tree(parent.get(), name);
    try {
        clean_git_directory(options.project, options.rules);
    } catch (const Failure&) {
        // What cannot be made safe is not used.
        remove_or_set_aside(parent.get(), options.project);
    }
}

void open_project(const SourcesOptions& options) {
    const UniqueFd project = enter_directory(options.project);
    open_own_directories(project.get());
}

/// For the files of a check-out.
void spread_project(const SourcesOptions& options) {
    const UniqueFd project = enter_directory(options.project);
    spread_children(project.get());
}

}  // namespace

int run_sources_command(const std::string& action, const SourcesOptions& given) {
    SourcesOptions options = given;
    options.project = plain(given.project);
    options.tmp = plain(given.tmp);
    if (base_name(options.project).empty() || base_name(options.project) == "..")
        throw Failure("a project cannot be in " + given.project);
    const std::map<std::string, void (*)(const SourcesOptions&)> actions{
        {"begin", begin},
        {"repository", clean_repository},
        {"submodules",
         [](const SourcesOptions& all) { clean_submodules(all.project, all.rules.sha256); }},
        {"forget-submodules",
         [](const SourcesOptions& all) { forget_submodules(all.project, all.rules.sha256); }},
        {"open", open_project},
        {"spread", spread_project},
        {"seed", [](const SourcesOptions& all) { seed_repository(all.project, all.seed); }},
        {"measure", [](const SourcesOptions& all) { report_clone(all.project, all.clone); }},
        {"remove", remove_project}};
    const auto found = actions.find(action);
    if (found == actions.end()) throw Failure("unknown action for sources: " + action);
    found->second(options);
    return 0;
}

}  // namespace executors::helper
