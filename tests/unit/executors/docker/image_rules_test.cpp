#include "executors/docker/image_rules.hpp"

#include <gtest/gtest.h>

namespace {

using base::ErrorKind;
using executors::docker::check_allowed;
using executors::docker::choose_user;
using executors::docker::DockerSettings;
using executors::docker::privileged_allowed;
using executors::docker::pull_policies;
using executors::docker::starts_engine;
using executors::docker::supervisor_command;
using Words = std::vector<std::string>;

struct Allowed {
    std::string image;
    Words patterns;
    Words internal;
    bool allowed;
};

TEST(AllowedImages, AreGlobsOnTheWholeReference) {
    const std::vector<Allowed> cases{
        {"anything:1", {}, {}, true},
        {"ruby:3.2", {"ruby:*"}, {}, true},
        {"ruby", {"ruby:*"}, {}, false},
        {"my.reg/ruby:3", {"ruby:*"}, {}, false},
        {"my.reg/a/ruby:3", {"my.reg/*:*"}, {}, false},
        {"my.reg/a/ruby:3", {"my.reg/**"}, {}, true},
        {"python:3", {"ruby:*", "python:*"}, {}, true},
        {"default:1", {"ruby:*"}, {"default:1"}, true},
        {"default:2", {"ruby:*"}, {"default:1"}, false},
        // There is no negation, whatever public examples show.
        {"ruby:3", {"**", "!ruby:*"}, {}, true},
        {"ruby:3", {"!ruby:*"}, {}, false},
        {"ruby:3", {"ruby:[!3]"}, {}, false},
    };
    for (const auto& entry : cases) {
        const auto checked = check_allowed(entry.image, "images", entry.patterns, entry.internal);
        EXPECT_EQ(checked.has_value(), entry.allowed) << entry.image;
    }
}

TEST(AllowedImages, AreMatchedInOnePassOverHostileNames) {
    const std::string colons = "my.registry.tld:5000/" + std::string(100'000, ':') + "/";
    EXPECT_FALSE(check_allowed(colons, "images", {"my.registry.tld:5000/*:*"}, {}).has_value());
    std::string stars;
    for (int i = 0; i < 20; ++i) stars += "*:";
    EXPECT_FALSE(
        check_allowed(colons, "images", {"my.registry.tld:5000/" + stars}, {}).has_value());
    EXPECT_FALSE(privileged_allowed(colons, {"my.registry.tld:5000/" + stars}));
}

TEST(AllowedImages, ARefusalNamesTheListAndTheKey) {
    const auto refused = check_allowed("evil:1", "services", {"redis:*", "postgres:*"}, {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().is(ErrorKind::kConfiguration));
    for (const char* part :
         {"disallowed image", "\"evil:1\"", "\n- redis:*", "\n- postgres:*", "allowed_services"}) {
        EXPECT_NE(refused.error().message.find(part), std::string::npos) << part;
    }
}

TEST(PrivilegedImages, AnEmptyListAllowsEveryImage) {
    EXPECT_TRUE(privileged_allowed("any:1", {}));
    EXPECT_TRUE(privileged_allowed("docker:29-dind-rootless", {"docker:*-dind-rootless"}));
    EXPECT_FALSE(privileged_allowed("docker:29-dind", {"docker:*-dind-rootless"}));
}

struct User {
    std::string configured;
    Words allowed;
    std::string asked;
    std::string chosen;  ///< "-" for a refusal
};

TEST(ContainerUser, IsTheConfigurationsBeforeTheJobs) {
    const std::vector<User> cases{
        {"", {}, "", ""},
        {"", {}, "1000", "1000"},
        {"app", {}, "", "app"},
        {"app", {}, "root", "app"},
        {"", {"1000", "app"}, "app", "app"},
        {"", {"1000", "app"}, "root", "-"},
        {"", {"1000"}, "", ""},
        {"root", {"app"}, "", "-"},
    };
    for (const auto& entry : cases) {
        DockerSettings settings;
        settings.user = entry.configured;
        settings.allowed_users = entry.allowed;
        const auto user = choose_user(settings, entry.asked);
        EXPECT_EQ(user ? *user : "-", entry.chosen) << entry.configured << "/" << entry.asked;
        if (!user) {
            EXPECT_TRUE(user.error().is(ErrorKind::kConfiguration));
        }
    }
}

struct Policies {
    Words configured;
    Words allowed;
    Words asked;
    Words chosen;  ///< empty for a refusal
};

TEST(PullPolicies, AreTheJobsWhereTheConfigurationAllowsThem) {
    const std::vector<Policies> cases{
        {{}, {}, {}, {"always"}},
        {{"if-not-present"}, {}, {}, {"if-not-present"}},
        {{"always", "always", "never"}, {}, {}, {"always", "always", "never"}},
        {{"always"}, {}, {"never"}, {}},
        {{"always"}, {"always", "never"}, {"never"}, {"never"}},
        {{"always"},
         {"if-not-present", "never"},
         {"always", "never", "if-not-present"},
         {"never", "if-not-present"}},
        {{"always"}, {"never"}, {}, {}},
        {{"always"}, {}, {"sometimes"}, {}},
    };
    for (const auto& entry : cases) {
        DockerSettings settings;
        settings.pull_policy = entry.configured;
        settings.allowed_pull_policies = entry.allowed;
        const auto chosen = pull_policies(settings, "alpine", entry.asked);
        EXPECT_EQ(chosen ? *chosen : Words(), entry.chosen);
        if (!chosen) {
            EXPECT_TRUE(chosen.error().is(ErrorKind::kConfiguration));
        }
    }
}

TEST(PullPolicies, ARefusalIsTheOfficialSentence) {
    DockerSettings settings;
    settings.pull_policy = {"always"};
    const auto job = pull_policies(settings, "alpine:3", {"never", "if-not-present"});
    ASSERT_FALSE(job.has_value());
    EXPECT_EQ(job.error().message,
              "invalid pull policy for image \"alpine:3\": pull_policy ([never if-not-present]) "
              "defined in GitLab pipeline config is not one of the allowed_pull_policies "
              "([always])");
    settings.allowed_pull_policies = {"never"};
    const auto own = pull_policies(settings, "alpine:3", {});
    ASSERT_FALSE(own.has_value());
    EXPECT_NE(own.error().message.find("defined in Runner config"), std::string::npos);
}

struct Start {
    Words entrypoint;
    Words command;
    bool engine;
};

TEST(EngineImage, IsOneWhoseProgramIsAnEngine) {
    const std::vector<Start> cases{
        {{"dockerd-entrypoint.sh"}, {}, true},
        {{"/usr/local/bin/dockerd-entrypoint.sh"}, {}, true},
        {{}, {"dockerd", "--host=x"}, true},
        {{"tini", "--"}, {"dockerd"}, true},
        {{"/sbin/docker-init", "-s", "--", "dockerd"}, {}, true},
        {{"docker-entrypoint.sh"}, {"dockerd"}, true},
        {{""}, {"dockerd"}, true},
        {{"dockerd-entrypoint.sh", "--mtu", "1400"}, {}, true},
        {{"dockerd-entrypoint.sh"}, {"--mtu=1400"}, true},
        {{"dockerd-entrypoint.sh", "dockerd"}, {"--debug"}, true},
        {{"dockerd-entrypoint.sh"}, {"sh", "-c", "x"}, false},
        {{"docker-entrypoint.sh"}, {"sh"}, false},
        {{"sh", "-c"}, {"dockerd"}, false},
        {{"my-dockerd"}, {}, false},
        {{"tini", "--"}, {}, false},
        {{}, {}, false},
    };
    for (const auto& entry : cases) {
        EXPECT_EQ(starts_engine(entry.entrypoint, entry.command), entry.engine)
            << testing::PrintToString(entry.entrypoint) << testing::PrintToString(entry.command);
    }
}

TEST(SupervisorCommand, PassesAShellThroughItsOption) {
    const Words supervisor{"/h/helper", "supervise"};
    const std::string line = "exec /h/helper supervise";
    const std::vector<std::pair<Words, Words>> cases{
        {{}, supervisor},
        {{"/entrypoint.sh"}, supervisor},
        {{"sh"}, {"-c", line}},
        {{"/bin/bash", "-l"}, {"-c", line}},
        {{"sh", "-c"}, {line}},
        {{"bash", "-lc"}, {line}},
        {{"bash", "--norc"}, {"-c", line}},
        {{"bash", "/script"}, supervisor},
        {{"tini", "sh"}, supervisor},
    };
    for (const auto& [entrypoint, command] : cases) {
        EXPECT_EQ(supervisor_command(entrypoint, supervisor), command)
            << testing::PrintToString(entrypoint);
    }
}

}  // namespace
