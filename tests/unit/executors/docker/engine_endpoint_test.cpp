#include "executors/docker/engine_endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace executors::docker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

base::Result<EngineEndpoint> resolved(const std::string& host,
                                      const std::map<std::string, std::string>& environment = {}) {
    DockerSettings settings;
    settings.host = host;
    return resolve_endpoint(settings, [&](const char* name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    });
}

TEST(EngineEndpoint, FollowsTheConfigurationElseTheEnvironment) {
    const struct {
        std::string host;
        std::map<std::string, std::string> environment;
        std::string url;
        bool local;
    } table[] = {
        {"", {}, "unix:///var/run/docker.sock", true},
        {"", {{"DOCKER_HOST", "tcp://h:1"}}, "http://h:1", false},
        {"", {{"DOCKER_HOST", "tcp://h"}, {"DOCKER_TLS_VERIFY", "1"}}, "https://h:2376", false},
        {"unix:///x", {{"DOCKER_HOST", "tcp://h:1"}}, "unix:///x", true},
        {"tcp://[fd00::1]", {}, "http://[fd00::1]:2375", false},
        {"https://h:1/path", {}, "https://h:1", false},
    };
    for (const auto& [host, environment, url, local] : table) {
        const auto endpoint = resolved(host, environment);
        ASSERT_TRUE(endpoint) << endpoint.error().message;
        EXPECT_EQ(endpoint->url, url);
        EXPECT_EQ(endpoint->local, local);
        EXPECT_THAT(endpoint->program, IsEmpty());
    }
}

TEST(EngineEndpoint, BehindSshIsACallOfSsh) {
    const std::string before =
        "ssh|-T|-o|BatchMode=yes|-o|ConnectTimeout=30|-o|ServerAliveInterval=30";
    const std::map<std::string, std::string> table{
        {"ssh://host", "|--|host|docker system dial-stdio"},
        {"ssh://host/", "|--|host|docker system dial-stdio"},
        {"ssh://me@host:2222", "|-l|me|-p|2222|--|host|docker system dial-stdio"},
        {"ssh://me@[fd00::1]:22", "|-l|me|-p|22|--|fd00::1|docker system dial-stdio"},
        {"ssh://[fd00::1]", "|--|fd00::1|docker system dial-stdio"},
        {"ssh://-oProxyCommand=x", "|--|-oProxyCommand=x|docker system dial-stdio"},
        {"ssh://h/run/it's/docker.sock",
         R"(|--|h|docker --host 'unix:///run/it'\''s/docker.sock' system dial-stdio)"},
    };
    for (const auto& [host, words] : table) {
        const auto endpoint = resolved(host);
        ASSERT_TRUE(endpoint) << endpoint.error().message;
        std::string call;
        for (const auto& word : endpoint->program) call += (call.empty() ? "" : "|") + word;
        EXPECT_EQ(call, before + words);
        EXPECT_FALSE(endpoint->local);
        EXPECT_EQ(endpoint->shown, host);
    }
}

TEST(EngineEndpoint, ThatIsNoneIsAFaultOfTheConfiguration) {
    const std::map<std::string, std::string> table{
        {"ssh://", "names no host"},
        {"ssh://me@", "names no host"},
        {"ssh://me@:22", "names no host"},
        {"ssh://h:port", "has a port that is no number"},
        {"ssh://h:70000", "has a port that is no number"},
        {"ssh://h?x", "more than user, host, port and path"},
        {"tcp://", "names no host"},
        {"npipe:////./pipe/docker", "of no kind that is known here"},
    };
    for (const auto& [host, words] : table) {
        const auto endpoint = resolved(host);
        ASSERT_FALSE(endpoint) << host;
        EXPECT_EQ(endpoint.error().kind, base::ErrorKind::kConfiguration);
        EXPECT_THAT(endpoint.error().message, HasSubstr(words));
    }
    const auto password = resolved("ssh://me:hush@host");
    ASSERT_FALSE(password);
    EXPECT_THAT(password.error().message,
                testing::AllOf(HasSubstr("has a password"), testing::Not(HasSubstr("hush"))));
}

}  // namespace
}  // namespace executors::docker
