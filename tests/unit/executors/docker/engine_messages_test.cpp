#include "executors/docker/engine_messages.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using base::PullFailure;
using executors::docker::classify_pull_failure;
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
