#pragma once

#include <chrono>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace executors::docker {

/// Runs tasks side by side and waits for all of them, also when one fails or the caller is
/// cancelled: then the others are cancelled, and none is left behind. Answers the first failure.
base::Task<base::Result<void>> run_all(std::vector<base::Task<base::Result<void>>> tasks);

/// The same without stopping the others at a failure; for cleaning up.
base::Task<base::Result<void>> run_every(std::vector<base::Task<base::Result<void>>> tasks);

/// Runs a task to its end even when the caller is cancelled meanwhile: for a call that makes
/// something, because nobody would remove a thing whose id was never received. A task that does not
/// end within `grace` after that is cancelled, too: the engine does not answer.
base::Task<base::Result<void>> run_uncancelled(
    base::Task<base::Result<void>> task,
    std::chrono::milliseconds grace = std::chrono::seconds(30));

}  // namespace executors::docker
