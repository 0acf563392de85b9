#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "base/unique_fd.hpp"

namespace base {

/// Starts the program of `options` in a process group of its own, with its `stdio_socket` as
/// standard input and output and `errors` as standard error. The kernel kills the program when the
/// calling thread ends (PR_SET_PDEATHSIG), which posix_spawn(3) cannot ask for. Internal to
/// Subprocess.
Result<pid_t> spawn_on_socket(const SubprocessOptions& options, const UniqueFd& errors);

}  // namespace base
