#include "runner/job/failure_reason.hpp"

#include <algorithm>

namespace runner::job {

using journal::Failure;
using journal::FailureReason;

namespace {

std::string_view fallback(FailureReason reason) {
    switch (reason) {
        case FailureReason::kConfigurationError: return "script_failure";
        case FailureReason::kImagePullFailure:
        case FailureReason::kExternalDependency: return "runner_system_failure";
        default: return "unknown_failure";
    }
}

bool always_known(FailureReason reason) {
    return reason == FailureReason::kScriptFailure || reason == FailureReason::kSystemFailure ||
           reason == FailureReason::kTimeout;
}

/// job-runtime.md §1.8
FailureReason reason_of(base::PullFailure failure) {
    switch (failure) {
        case base::PullFailure::kConfiguration: return FailureReason::kConfigurationError;
        case base::PullFailure::kExternal: return FailureReason::kExternalDependency;
        case base::PullFailure::kOther: break;
    }
    return FailureReason::kImagePullFailure;
}

}  // namespace

std::string wire_reason(FailureReason reason, const std::vector<std::string>& known_to_server) {
    std::string name(to_string(reason));
    if (always_known(reason)) return name;
    if (std::find(known_to_server.begin(), known_to_server.end(), name) != known_to_server.end()) {
        return name;
    }
    return std::string(fallback(reason));
}

Failure failure_from_error(const base::Error& error) {
    Failure failure;
    failure.message = error.message;
    switch (error.kind) {
        case base::ErrorKind::kConfiguration:
        case base::ErrorKind::kInvalidInput:
            failure.reason = FailureReason::kConfigurationError;
            break;
        case base::ErrorKind::kTimeout: failure.reason = FailureReason::kTimeout; break;
        default: failure.reason = FailureReason::kSystemFailure; break;
    }
    if (error.pull_failure) failure.reason = reason_of(*error.pull_failure);
    return failure;
}

std::string last_line(const Failure& failure) {
    const bool system = failure.reason == FailureReason::kSystemFailure;
    return (system ? "Job failed (system failure): " : "Job failed: ") + failure.message;
}

}  // namespace runner::job
