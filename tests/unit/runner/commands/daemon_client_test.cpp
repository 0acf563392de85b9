#include "runner/commands/daemon_client.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

using testing::ElementsAre;

TEST(SocketPlaces, AreThoseOfTheDaemonThatIsMeant) {
    const std::filesystem::path service = "/run/runner/runner.sock";
    const std::filesystem::path system = "/var/lib/runner/runner.sock";
    const std::filesystem::path own = "/home/a/.runner-state/runner.sock";
    const char* config = "/etc/gitlab-runner/config.toml";
    EXPECT_THAT(socket_places(config, "/var/lib/runner", false, true),
                ElementsAre(service, system));
    EXPECT_THAT(socket_places(config, "/var/lib/runner", true, false),
                ElementsAre(service, system));
    EXPECT_THAT(socket_places("/home/a/config.toml", "/home/a/.runner-state", false, false),
                ElementsAre(own, service));
    EXPECT_THAT(socket_places("/home/a/config.toml", "/home/a/.runner-state", true, true),
                ElementsAre(own))
        << "another daemon than the one of this configuration must not be meant";
}

TEST(RunnerQuery, QuotesTheName) {
    EXPECT_EQ(runner_query(""), "");
    EXPECT_EQ(runner_query("a b&c"), "?runner=a%20b%26c");
}

}  // namespace
}  // namespace runner::commands
