#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Every live process below this one, found through /proc: as this process is the subreaper of what
/// it started, a process that left its group, its session or its parent is still below it.
std::vector<pid_t> find_descendants();

/// A control group of the job's own, where the system permits one (cgroup v2 only). What runs in it
/// can be killed at once, also by somebody else when the supervisor is dead.
///
/// Life: made before the first stage; kill() at the end; the destructor removes the group.
class JobCgroup {
  public:
    /// Inside this process's own group. Without the permission, procs_fd() is -1 and kill() does
    /// nothing.
    explicit JobCgroup(const std::string& name);
    ~JobCgroup();
    JobCgroup(const JobCgroup&) = delete;
    JobCgroup& operator=(const JobCgroup&) = delete;

    [[nodiscard]] int procs_fd() const { return procs_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    void kill() const;

  private:
    std::string path_;
    Fd procs_;
};

}  // namespace executors::helper
