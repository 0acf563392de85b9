#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "executors/helper/posix.hpp"
#include "executors/helper/users.hpp"

namespace executors::helper {

/// A shell that is about to be started in a process of its own.
///
/// Life: made before the fork, so that all memory is allocated there and the child only makes
/// system calls; `wish` outlives it.
class ShellStart {
  public:
    struct Wish {
        const std::vector<std::string>& shells;  ///< paths; the first that exists is used
        const std::vector<std::string>& arguments;
        /// Added to this process's own environment, or replaces variables of it.
        const std::vector<std::pair<std::string, std::string>>& environment;
        const std::string& cwd;   ///< "": that of this process
        const std::string& user;  ///< find_user(); "": that of this process
    };

    /// `more`: further entries of the environment, "NAME=value". Throws Failure for a user that
    /// does not exist, and when no shell was named.
    explicit ShellStart(const Wish& wish, std::vector<std::string> more = {});

    [[nodiscard]] const std::optional<User>& user() const { return user_; }
    /// In the child: joins the control group (-1: none), becomes the user and the shell. What fails
    /// is told over `failure`, the writing end of a pipe.
    [[noreturn]] void become_shell(int failure, int cgroup_procs) const;
    /// In the parent, which has closed its writing end: waits until the child is the shell. Throws
    /// Failure with the sentence for the job log when it could not become one; it is reaped then.
    void check(pid_t child, int failure) const;

  private:
    enum class Step : int { kChdir, kUser, kExec };
    struct ChildFailure {
        Step step;
        int code;
    };
    [[noreturn]] static void report_and_exit(int fd, Step step);
    [[nodiscard]] std::string describe(const ChildFailure& failure) const;

    Wish wish_;
    std::optional<User> user_;
    std::vector<std::string> environment_;
    std::vector<std::vector<std::string>> texts_;  ///< the arguments, once for each shell
    std::vector<std::vector<char*>> vectors_;
    std::vector<char*> environment_vector_;
};

/// All signals as in a new program, and none blocked. Makes system calls only.
void reset_signals();

}  // namespace executors::helper
