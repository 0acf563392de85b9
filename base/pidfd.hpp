#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

namespace base {

/// A descriptor that becomes readable when the process has ended (pidfd_open(2)). It is
/// close-on-exec. Empty, with errno set, when there is no such process or Linux is before 5.3.
/// Header-only, because the static helper uses it too; the raw call, because glibc 2.36's wrapper
/// has no C linkage in its header.
inline UniqueFd open_pidfd(pid_t pid) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace base
