#include "runner/script/environment_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using executors::EnvironmentVariable;
using runner::script::environment_problem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A variable that has `bytes` in an environment, with "=" and the zero at its end.
EnvironmentVariable entry_of(std::string name, std::size_t bytes) {
    const std::size_t value = bytes - name.size() - 2;
    return {std::move(name), std::string(value, 'x')};
}

TEST(EnvironmentLimits, OfOneVariableAreThoseOfLinux) {
    EXPECT_EQ(environment_problem({entry_of("BIG", 131'072), {"A", "b"}}), "");
    EXPECT_THAT(
        environment_problem({{"A", "b"}, entry_of("BIG", 131'073)}),
        AllOf(HasSubstr("BIG (131068 bytes)"), HasSubstr("type File"), Not(HasSubstr("xxx"))));
}

TEST(EnvironmentLimits, OfAllVariablesNameTheLargest) {
    std::vector<EnvironmentVariable> many;
    for (int i = 0; i < 30; ++i) many.push_back(entry_of("V" + std::to_string(i), 100'000));
    many[17].value += "x";
    EXPECT_THAT(environment_problem(many), AllOf(HasSubstr("V17 (99996 bytes), V"),
                                                 HasSubstr("3000241"), HasSubstr("type File")));
    many.resize(18);
    EXPECT_EQ(environment_problem(many), "");
}

TEST(EnvironmentLimits, CountManySmallVariablesWithTheirPointers) {
    std::vector<EnvironmentVariable> many(250'000, {"A", ""});
    EXPECT_NE(environment_problem(many), "");
    EXPECT_EQ(environment_problem({}), "");
}

}  // namespace
