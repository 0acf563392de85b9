#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Every live descendant of this process, found through /proc. This process is a subreaper, so a
/// process that has left its group or session, or has lost its parent, is still a descendant.
std::vector<pid_t> find_descendants();

/// The directory of this process's own group in the v2 hierarchy, "" without one.
std::string own_cgroup();

/// A control group for the job's processes, where the system permits one (cgroup v2 only). All of
/// them can be killed at once, also by reap() when the supervisor is dead.
///
/// Life: made before the first stage; kill() at the end; the destructor removes the group.
class JobCgroup {
  public:
    /// Makes the group inside that of this process. Without the permission, procs_fd() is -1,
    /// path() is "" and kill() does nothing.
    explicit JobCgroup(const std::string& name);
    ~JobCgroup();
    JobCgroup(const JobCgroup&) = delete;
    JobCgroup& operator=(const JobCgroup&) = delete;

    [[nodiscard]] int procs_fd() const { return procs_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    void kill() const;

  private:
    std::string path_;
    UniqueFd procs_;
};

}  // namespace executors::helper
