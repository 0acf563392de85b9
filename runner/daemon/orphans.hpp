#pragma once

#include "base/task.hpp"

namespace runner::daemon {

/// Reaps the processes that the kernel gives to this one when it is process 1 of a container
/// without an init: the supervisors of shell jobs, and what their scripts leave behind. Ends at
/// once when it is not process 1, else when it is cancelled. Strand: the I/O thread.
base::Task<void> adopt_orphans();

}  // namespace runner::daemon
