#include "runner/doctor/challenge.hpp"

#include <gtest/gtest.h>

namespace runner::doctor {
namespace {

TEST(Challenge, IsRead) {
    const auto challenge = parse_challenge(
        R"(Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push")");
    EXPECT_TRUE(challenge.bearer);
    EXPECT_EQ(challenge.realm, "https://auth.example/token");
    EXPECT_EQ(challenge.service, "registry");
    EXPECT_EQ(challenge.scope, "repository:a/b:pull,push");
    EXPECT_FALSE(parse_challenge(R"(Basic realm="x")").bearer);
    EXPECT_FALSE(parse_challenge("").bearer);
}

}  // namespace
}  // namespace runner::doctor
