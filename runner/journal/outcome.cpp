#include "runner/journal/outcome.hpp"

#include <array>
#include <utility>

namespace runner::journal {

namespace {

constexpr std::array<std::pair<FailureReason, std::string_view>, 8> kNames{{
    {FailureReason::kScriptFailure, "script_failure"},
    {FailureReason::kSystemFailure, "runner_system_failure"},
    {FailureReason::kTimeout, "job_execution_timeout"},
    {FailureReason::kImagePullFailure, "image_pull_failure"},
    {FailureReason::kConfigurationError, "runner_configuration_error"},
    {FailureReason::kExternalDependency, "runner_external_dependency_failure"},
    {FailureReason::kInterrupted, "runner_interrupted"},
    {FailureReason::kCanceled, "job_canceled"},
}};

}  // namespace

std::string_view to_string(FailureReason reason) {
    for (const auto& [value, name] : kNames) {
        if (value == reason) return name;
    }
    return "runner_system_failure";
}

FailureReason parse_failure_reason(std::string_view text) {
    for (const auto& [value, name] : kNames) {
        if (name == text) return value;
    }
    return FailureReason::kSystemFailure;
}

}  // namespace runner::journal
