#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace executors::docker {

/// Runs a task to its end even when the caller is cancelled meanwhile: for a call that makes
/// something, because nobody would remove a thing whose id was never received. A task that does not
/// end within `grace` after that is cancelled, too: the engine does not answer.
base::Task<base::Result<void>> run_uncancelled(
    base::Task<base::Result<void>> task,
    std::chrono::milliseconds grace = std::chrono::seconds(30));
/// The same for a task that answers an id.
base::Task<base::Result<std::string>> run_uncancelled(
    base::Task<base::Result<std::string>> task,
    std::chrono::milliseconds grace = std::chrono::seconds(30));

}  // namespace executors::docker
