#include "runner/daemon/token_rotation.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace {

using runner::config::RunnerConfig;
using runner::daemon::rotation_time;

RunnerConfig entry(std::string obtained, std::string expires) {
    RunnerConfig runner;
    runner.token_obtained_at = std::move(obtained);
    runner.token_expires_at = std::move(expires);
    return runner;
}

TEST(TokenRotation, IsDueAtThreeQuartersOfTheLife) {
    EXPECT_EQ(rotation_time(entry("2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")),
              base::parse_rfc3339("2026-01-04T00:00:00Z"));
    EXPECT_EQ(rotation_time(entry("2026-01-01 02:00:00+02:00", "2026-01-05T00:00:00.000Z")),
              base::parse_rfc3339("2026-01-04T00:00:00Z"));
}

TEST(TokenRotation, LeavesTokensWithoutAnEndAlone) {
    EXPECT_EQ(rotation_time(entry("2026-01-01T00:00:00Z", "")), std::nullopt);
    EXPECT_EQ(rotation_time(entry("2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z")), std::nullopt);
    EXPECT_EQ(rotation_time(entry("2026-01-01T00:00:00Z", "soon")), std::nullopt);
}

TEST(TokenRotation, ATokenOfUnknownAgeIsDue) {
    EXPECT_EQ(rotation_time(entry("", "2999-01-01T00:00:00Z")), 0);
}

}  // namespace
