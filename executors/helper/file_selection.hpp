#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace executors::helper {

/// Which files of the working directory an archive takes (job-runtime.md §7.1). Paths may be
/// absolute, and are normalised (ProjectPaths).
struct SelectionRequest {
    /// Globs (base/glob.hpp) or plain names; a directory stands for all that is in it. Links to
    /// directories in front of the first wildcard are followed, if they stay in the project.
    std::vector<std::string> paths;
    /// Globs that are compared with whole relative paths.
    std::vector<std::string> excludes;
    /// Also the files that git does not track, including ignored files.
    bool untracked = false;
};

/// A path longer than this is left out, with a warning.
inline constexpr std::size_t kMostPathBytes = 16 * 1024;

/// Relative path → its lstat(2). Sorted, so that archives of the same tree are the same. Symbolic
/// links are members themselves and never followed; sockets, pipes and devices are left out.
using Selection = std::map<std::string, struct stat>;

/// Prints lines to the job's log, one per call.
struct Report {
    std::function<void(const std::string&)> info;
    std::function<void(const std::string&)> warning;
};

/// Selects files of the working directory. Warns of a path that matches nothing or is outside.
/// Throws Failure when a directory cannot be read.
Selection select_files(const SelectionRequest& request, const Report& report);

}  // namespace executors::helper
