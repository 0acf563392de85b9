#include "runner/job/failure_reason.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"

namespace runner::job {

using journal::Failure;
using journal::FailureReason;

namespace {

constexpr std::array<std::string_view, 8> kNetworkWords{
    "dial tcp",      "connection refused",      "no such host",     "i/o timeout",
    "tls handshake", "client.timeout exceeded", "request canceled", "connection reset"};
constexpr std::array<std::string_view, 8> kConfigurationWords{
    "not found",
    "manifest unknown",
    "pull access denied",
    "access to the resource is denied",
    "no basic auth credentials",
    "repository does not exist or may require",
    "unauthorized",
    "authentication required"};

template <std::size_t N>
bool contains_any(const std::string& text, const std::array<std::string_view, N>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

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

}  // namespace

std::string wire_reason(FailureReason reason, const std::vector<std::string>& known_to_server) {
    const std::string name(to_string(reason));
    if (always_known(reason)) return name;
    if (std::find(known_to_server.begin(), known_to_server.end(), name) != known_to_server.end()) {
        return name;
    }
    return std::string(fallback(reason));
}

FailureReason classify_pull_failure(std::string_view message) {
    const std::string lower = base::to_lower(message);
    if (contains_any(lower, kNetworkWords)) return FailureReason::kExternalDependency;
    if (contains_any(lower, kConfigurationWords)) return FailureReason::kConfigurationError;
    return FailureReason::kImagePullFailure;
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
    // The executor says where a pull failed; what the registry answered decides about the class.
    if (error.message.find("failed to pull image") != std::string::npos) {
        failure.reason = classify_pull_failure(error.message);
    }
    return failure;
}

std::string last_line(const Failure& failure) {
    const bool system = failure.reason == FailureReason::kSystemFailure;
    return (system ? "Job failed (system failure): " : "Job failed: ") + failure.message;
}

}  // namespace runner::job
