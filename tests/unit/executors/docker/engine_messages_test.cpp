#include "executors/docker/engine_messages.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using base::PullFailure;
using executors::docker::asked_pause;
using executors::docker::classify_pull_failure;
using executors::docker::common_cause;
using executors::docker::CommonCause;
using executors::docker::is_transient_pull_failure;
using executors::docker::refuses_api_version;

TEST(EngineMessages, TellTheCauseOfAFailedPull) {
    const std::vector<std::pair<std::string, PullFailure>> cases{
        {"Get \"https://x/v2/\": dial tcp 1.2.3.4:443: connect", PullFailure::kExternal},
        {"connect: Connection Refused", PullFailure::kExternal},
        {"lookup x: no such host", PullFailure::kExternal},
        {"read: i/o timeout", PullFailure::kExternal},
        {"net/http: TLS handshake timeout", PullFailure::kExternal},
        {"Client.Timeout exceeded while awaiting headers", PullFailure::kExternal},
        {"net/http: request canceled", PullFailure::kExternal},
        {"connection reset by peer", PullFailure::kExternal},
        // The network comes first where both fit.
        {"dial tcp: lookup x: server not found", PullFailure::kExternal},
        {"manifest for x:1 not found", PullFailure::kConfiguration},
        {"manifest unknown", PullFailure::kConfiguration},
        {"pull access denied for x", PullFailure::kConfiguration},
        {"requested access to the resource is denied", PullFailure::kConfiguration},
        {"no basic auth credentials", PullFailure::kConfiguration},
        {"repository does not exist or may require 'docker login'", PullFailure::kConfiguration},
        {"unauthorized: bad token", PullFailure::kConfiguration},
        {"authentication required", PullFailure::kConfiguration},
        {"no space left on device", PullFailure::kOther},
        {"", PullFailure::kOther},
    };
    for (const auto& [text, kind] : cases) EXPECT_EQ(classify_pull_failure(text), kind) << text;
}

TEST(EngineMessages, TellWhatMaySucceedLater) {
    for (const char* text :
         {"toomanyrequests: You have reached your pull rate limit",
          "error parsing HTTP 429 response body: invalid character",
          "unexpected status from HEAD request to https://x/v2/: 429 Too Many Requests",
          "received unexpected HTTP status: 500 Internal Server Error",
          "received unexpected HTTP status: 502 Bad Gateway",
          "received unexpected HTTP status: 503 Service Unavailable",
          "received unexpected HTTP status: 504 Gateway Timeout", "unexpected EOF"}) {
        EXPECT_TRUE(is_transient_pull_failure(text)) << text;
    }
    for (const char* text : {"manifest unknown", "no space left on device", ""}) {
        EXPECT_FALSE(is_transient_pull_failure(text)) << text;
    }
}

TEST(EngineMessages, TellACauseThatIsTheSameForEveryLogin) {
    const std::vector<std::pair<std::string, CommonCause>> cases{
        {"Get \"https://x/v2/\": dial tcp 1.2.3.4:443: connect: connection refused",
         CommonCause::kNoConnection},
        {"lookup x: No Such Host", CommonCause::kNoConnection},
        {"net/http: TLS handshake timeout", CommonCause::kNoConnection},
        {"remote error: tls: handshake failure", CommonCause::kNoConnection},
        {"tls: failed to verify certificate: x509: certificate has expired",
         CommonCause::kNoConnection},
        {"http: server gave HTTP response to HTTPS client", CommonCause::kNoConnection},
        {"write /a: no space left on device", CommonCause::kDiskFull},
        {"write /a: disk quota exceeded", CommonCause::kDiskFull},
        {"manifest for x509:1 not found", CommonCause::kNone},
        {"read tcp 1.2.3.4:5->6.7.8.9:443: i/o timeout", CommonCause::kNone},
        {"received unexpected HTTP status: 503 Service Unavailable", CommonCause::kNone},
        {"manifest unknown", CommonCause::kNone},
        {"", CommonCause::kNone},
    };
    for (const auto& [text, cause] : cases) EXPECT_EQ(common_cause(text), cause) << text;
}

TEST(EngineMessages, TellHowLongARegistryAsksToWait) {
    using std::chrono::milliseconds;
    const std::vector<std::pair<std::string, std::optional<milliseconds>>> cases{
        {"toomanyrequests: retry-after: 441.021\u00b5s, allowed: 44000/minute", milliseconds(1)},
        {"toomanyrequests: Retry-After: 250ms", milliseconds(250)},
        {"retry-after: 1m30s", milliseconds(90000)},
        {"retry-after: 2h0m0.5s", milliseconds(7200500)},
        {"retry-after: 120", milliseconds(120000)},
        {"retry-after:", std::nullopt},
        {"retry-after: inf", std::nullopt},
        {"retry-after: -5s", std::nullopt},
        {"toomanyrequests", std::nullopt},
        {"retry-after: 99999999999999999999h", milliseconds(365LL * 24 * 3600 * 1000)},
    };
    for (const auto& [text, pause] : cases) EXPECT_EQ(asked_pause(text), pause) << text;
}

TEST(EngineMessages, TellThatAnApiVersionIsRefused) {
    EXPECT_TRUE(
        refuses_api_version("client version 1.47 is too new. Maximum supported API version "
                            "is 1.45"));
    EXPECT_TRUE(
        refuses_api_version("client version 1.24 is too old. Minimum supported API version "
                            "is 1.44"));
    EXPECT_FALSE(refuses_api_version("page not found"));
    EXPECT_FALSE(refuses_api_version(""));
}

}  // namespace
