#include "executors/docker/engine_messages.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.hpp"

namespace executors::docker {

namespace {

constexpr std::array<std::string_view, 8> kNetwork{
    "dial tcp",      "connection refused",      "no such host",     "i/o timeout",
    "tls handshake", "client.timeout exceeded", "request canceled", "connection reset"};
constexpr std::array<std::string_view, 8> kMissingOrDenied{
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

}  // namespace

base::PullFailure classify_pull_failure(std::string_view message) {
    const std::string text = base::to_lower(message);
    if (contains_any(text, kNetwork)) return base::PullFailure::kExternal;
    if (contains_any(text, kMissingOrDenied)) return base::PullFailure::kConfiguration;
    return base::PullFailure::kOther;
}

bool refuses_api_version(std::string_view message) {
    return message.find("client version") != std::string_view::npos;
}

}  // namespace executors::docker
