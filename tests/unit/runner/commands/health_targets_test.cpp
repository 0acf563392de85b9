#include "runner/commands/health_targets.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::Result<std::vector<HealthTarget>> targets(const std::vector<std::string>& ports,
                                                std::vector<const char*> environment) {
    environment.push_back(nullptr);
    return health_targets(ports, environment.data());
}

TEST(HealthTargets, AreThePortsThatAreGiven) {
    const auto found = targets({"80", "5432"}, {"DB_TCP_ADDR=db", "DB_TCP_PORT=1"});
    ASSERT_TRUE(found);
    EXPECT_THAT(*found,
                ElementsAre(HealthTarget{"localhost", "80"}, HealthTarget{"localhost", "5432"}));
}

TEST(HealthTargets, AreThePairsOfTheEnvironment) {
    const auto found = targets({}, {"A_TCP_ADDR=a", "A_TCP_PORT=1", "B_TCP_PORT=2", "PATH=/bin",
                                    "C_1_TCP_PORT=3", "C_1_TCP_ADDR=::1", "odd"});
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre(HealthTarget{"a", "1"}, HealthTarget{"::1", "3"}));
}

TEST(HealthTargets, RefusesNothingAndWhatIsNoPort) {
    EXPECT_THAT(targets({}, {"A_TCP_ADDR=a"}).error().message, HasSubstr("Give --port"));
    for (const char* port : {"", "0", "65536", "http", "-1"})
        EXPECT_FALSE(targets({port}, {})) << port;
    EXPECT_FALSE(targets({}, {"A_TCP_ADDR=a", "A_TCP_PORT=tcp://1"}));
}

}  // namespace
}  // namespace runner::commands
