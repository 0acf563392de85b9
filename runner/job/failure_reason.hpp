#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::job {

/// The word that the server is told for `reason`: its own word when the server knows that word,
/// else the fallback of job-runtime.md §1.8.
std::string wire_reason(journal::FailureReason reason,
                        const std::vector<std::string>& known_to_server);

/// The failure of the job that an error of the executor or of the runner causes. A failed image
/// pull has its reason by Error::pull_failure, every other error by its kind.
journal::Failure failure_from_error(const base::Error& error);

/// The last line of the job log: "Job failed: …" or "Job failed (system failure): …".
std::string last_line(const journal::Failure& failure);

}  // namespace runner::job
