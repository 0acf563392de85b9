#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::job {

/// What the server is told: the reason itself when it knows it, else along the fallbacks of
/// job-runtime.md §1.8.
std::string wire_reason(journal::FailureReason reason,
                        const std::vector<std::string>& known_to_server);

/// The class of an image pull's failure, by its text (job-runtime.md §1.8).
journal::FailureReason classify_pull_failure(std::string_view message);

/// An executor's or our own failure as the job's end.
journal::Failure failure_from_error(const base::Error& error);

/// "Job failed: …" or "Job failed (system failure): …".
std::string last_line(const journal::Failure& failure);

}  // namespace runner::job
