#pragma once

#include <optional>
#include <string>
#include <string_view>

/// How a job ended, with the failure reasons of GitLab (job-runtime.md §1.7, §1.8).
namespace runner::journal {

enum class FailureReason {
    kScriptFailure,
    kSystemFailure,
    kTimeout,
    kImagePullFailure,
    kConfigurationError,
    kExternalDependency,
    kInterrupted,
    kCanceled,
};

std::string_view to_string(FailureReason reason);
/// kSystemFailure for an unknown word.
FailureReason parse_failure_reason(std::string_view text);

struct Failure {
    FailureReason reason = FailureReason::kSystemFailure;
    int exit_code = 0;    ///< 0: not sent
    std::string message;  ///< follows "Job failed: " in the log
};

/// Without a failure the job has succeeded.
struct Outcome {
    std::optional<Failure> failure;
    [[nodiscard]] bool success() const { return !failure.has_value(); }
};

}  // namespace runner::journal
