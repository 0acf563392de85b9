#pragma once

#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace base {

/// Runs tasks beside each other and returns when all of them have ended. The first failure, and a
/// cancellation of the caller, cancels the others; the answer is the first failure, or kCancelled
/// for a cancelled caller. An exception is a failure (error_from_exception()). What the tasks refer
/// to has to outlive the call only.
Task<Result<void>> run_together(std::vector<Task<Result<void>>> tasks);

/// The same without stopping the others at a failure; for cleaning up.
Task<Result<void>> run_every(std::vector<Task<Result<void>>> tasks);

}  // namespace base
