#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/job/outcome.hpp"

namespace runner::job {

std::string_view to_string(FailureReason reason);
/// An unknown word is a system failure.
FailureReason parse_failure_reason(std::string_view text);

/// What the server is told: the reason itself when it knows it, else along the fallbacks of
/// job-runtime.md §1.8.
std::string wire_reason(FailureReason reason, const std::vector<std::string>& known_to_server);

/// The class of an image pull's failure, by its text (job-runtime.md §1.8).
FailureReason classify_pull_failure(std::string_view message);

/// An executor's or our own failure as the job's end.
Failure failure_from_error(const base::Error& error);

/// "Job failed: …" or "Job failed (system failure): …".
std::string last_line(const Failure& failure);

}  // namespace runner::job
