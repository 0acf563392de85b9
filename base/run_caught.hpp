#pragma once

#include "base/result.hpp"
#include "base/task.hpp"

namespace base {

/// Runs `work` to its end. An exception that escapes it is the failure (error_from_exception()),
/// for a caller that has to await more afterwards: a handler cannot.
Task<Result<void>> run_caught(Task<void> work);

}  // namespace base
