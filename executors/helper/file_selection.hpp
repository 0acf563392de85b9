#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace executors::helper {

/// Which files of the working directory an archive takes (job-runtime.md §7.1).
struct SelectionRequest {
    std::vector<std::string>
        paths;  ///< globs (base/doublestar.hpp) or plain names; a directory is its tree
    std::vector<std::string> excludes;  ///< matched against whole relative paths
    bool untracked = false;             ///< and what git does not track, ignored files included
};

/// Relative path → what it is; sorted, so that archives of the same tree are the same. Symbolic
/// links are members themselves and never followed; sockets, pipes and devices are left out.
using Selection = std::map<std::string, struct stat>;

/// Lines for the job's log, one call each.
struct Report {
    std::function<void(const std::string&)> info;
    std::function<void(const std::string&)> warning;
};

/// Reads the working directory. A path that matches nothing or lies outside is a warning; throws
/// Failure when a directory cannot be read at all.
Selection select_files(const SelectionRequest& request, const Report& report);

}  // namespace executors::helper
