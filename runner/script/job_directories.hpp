#pragma once

#include <string>

namespace runner::script {

/// Where a job's files are in its environment. Absolute paths, except for `slug`.
struct JobDirectories {
    /// The directory of all builds.
    std::string builds;
    /// The work tree; the scripts run there.
    std::string project;
    /// Files that live as long as the job.
    std::string tmp;
    /// The caches of all jobs.
    std::string cache{};
    /// "group/project", the part of `project` and of the caches' paths that names the project.
    std::string slug{};
};

}  // namespace runner::script
