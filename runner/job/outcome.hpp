#pragma once

#include <optional>
#include <string>

/// How a job ended, in the words that GitLab expects (job-runtime.md §1.7, §1.8).
namespace runner::job {

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

struct Failure {
    FailureReason reason = FailureReason::kSystemFailure;
    int exit_code = 0;    ///< 0: not sent
    std::string message;  ///< behind "Job failed: " in the log
};

/// No failure: success.
struct Outcome {
    std::optional<Failure> failure;
    [[nodiscard]] bool success() const { return !failure.has_value(); }
};

}  // namespace runner::job
