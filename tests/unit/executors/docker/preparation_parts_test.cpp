#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "executors/docker/build_plan.hpp"
#include "executors/docker/environment_info.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/sidecar_engine.hpp"
#include "tests/support/job_log_lines.hpp"

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

ImageSpec image(const std::string& name) {
    ImageSpec spec;
    spec.name = name;
    return spec;
}

TEST(ImageChoice, IsTheJobsImageElseTheConfigurations) {
    DockerSettings docker;
    tests::JobLogLines log;
    JobEnvironment job;
    EXPECT_FALSE(choose_image(job, docker, {}, log).has_value());
    docker.image = "default";
    EXPECT_EQ(choose_image(job, docker, {}, log)->image.name, "default");
    EXPECT_EQ(log.lines,
              (Words{"Using Docker executor with image default ...", "Using default image"}));
    job.image = image("app");
    log.lines.clear();
    EXPECT_EQ(choose_image(job, docker, {}, log)->image.name, "app");
    EXPECT_EQ(log.lines, Words{"Using Docker executor with image app ..."});
    docker.allowed_images = {"other"};
    const auto refused = choose_image(job, docker, {}, log);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, base::ErrorKind::kConfiguration);
}

TEST(ImageChoice, OverwritesAnEntrypointOnlyWhenThatIsAllowed) {
    DockerSettings docker;
    JobEnvironment job;
    job.image = image("app");
    job.image->entrypoint = Words{"sh"};
    for (const bool disabled : {false, true}) {
        tests::JobLogLines log;
        docker.disable_entrypoint_overwrite = disabled;
        EXPECT_EQ(choose_image(job, docker, {}, log)->image.entrypoint.has_value(), !disabled);
        EXPECT_EQ(log.has("WARNING: Entrypoint override disabled"), disabled);
    }
}

TEST(ImageChoice, NeedsAPrivilegedContainerForTheModeOn) {
    DockerSettings docker;
    DindSettings dind;
    dind.mode = DindMode::kOn;
    JobEnvironment job;
    job.image = image("app");
    tests::JobLogLines log;
    EXPECT_FALSE(choose_image(job, docker, dind, log).has_value());
    docker.privileged = true;
    EXPECT_TRUE(choose_image(job, docker, dind, log)->privileged);
    docker.allowed_privileged_images = {"other"};
    EXPECT_FALSE(choose_image(job, docker, dind, log).has_value());
}

TEST(InnerEngineChoice, FollowsModeImageAndPrivilege) {
    struct Case {
        DindMode mode;
        bool privileged;
        bool own_entrypoint;
        bool engine_image;
        InnerEngine expected;
    };
    for (const auto& entry :
         std::vector<Case>{{DindMode::kAuto, true, false, true, InnerEngine::kBuildContainer},
                           {DindMode::kAuto, true, false, false, InnerEngine::kNone},
                           {DindMode::kAuto, false, false, true, InnerEngine::kNone},
                           {DindMode::kAuto, true, true, true, InnerEngine::kNone},
                           {DindMode::kOff, true, false, true, InnerEngine::kNone},
                           {DindMode::kOn, true, false, true, InnerEngine::kBuildContainer},
                           {DindMode::kOn, true, false, false, InnerEngine::kSidecar},
                           {DindMode::kOn, true, true, true, InnerEngine::kSidecar}}) {
        DindSettings dind;
        dind.mode = entry.mode;
        ImageChoice choice;
        choice.privileged = entry.privileged;
        if (entry.own_entrypoint) choice.image.entrypoint = Words{"sh"};
        ImageInfo info;
        if (entry.engine_image) info.entrypoint = {"dockerd-entrypoint.sh"};
        EXPECT_EQ(choose_inner_engine(dind, choice, info), entry.expected);
    }
}

/// A plan of the build container.
class BuildPlan : public testing::Test {
  protected:
    [[nodiscard]] ContainerPlan plan() const {
        BuildPlanInput input{dind_, job_,   objects_, choice_,       image_,
                             "",    binds_, hosts_,   {"db:1.2.3.4"}};
        return plan_build_container(input);
    }

    DindSettings dind_;
    JobEnvironment job_;
    JobObjects objects_;
    ImageChoice choice_;
    ImageInfo image_;
    Words binds_;
    Words hosts_;
};

TEST_F(BuildPlan, StartsTheSupervisorBehindTheEntrypoint) {
    choice_.user = "app";
    objects_.entrypoint = {"tini", "--"};
    const auto made = plan();
    EXPECT_FALSE(made.entrypoint.has_value());
    EXPECT_EQ(made.command,
              (Words{"/.runner/bin/runner-helper", "supervise", "--dir", "/.runner-job"}));
    EXPECT_EQ(made.user, "app");
    EXPECT_TRUE(made.anonymous_volumes.empty());
}

TEST_F(BuildPlan, AnEntrypointOfTheJobReplacesTheImages) {
    choice_.image.entrypoint = Words{""};
    EXPECT_EQ(plan().entrypoint, Words{""});
    choice_.image.entrypoint = Words{"sh"};
    objects_.entrypoint = {"sh"};
    EXPECT_EQ(plan().entrypoint, Words{"sh"});
}

TEST_F(BuildPlan, AnEngineImageKeepsItsEntrypointAndCommand) {
    objects_.engine = true;
    choice_.user = "app";
    job_.environment = {{"A", "b"}, {"PATH", "/own"}};
    const auto made = plan();
    EXPECT_FALSE(made.command.has_value());
    EXPECT_EQ(made.user, "");
    EXPECT_EQ(made.anonymous_volumes, Words{"/var/lib/docker"});
    EXPECT_EQ(made.environment, (Words{"A=b", "PATH=/.runner/bin:/own", "DOCKER_TLS_CERTDIR=",
                                       "RUNNER_BUILDER_NAME=runner", "RUNNER_NO_PROXY="}));
}

TEST_F(BuildPlan, BuildersOfTheScriptAreOnTheHostNetworkWhereNamesAreDeclared) {
    const auto says = [&](const std::string& entry) {
        const auto environment = plan().environment;
        return std::find(environment.begin(), environment.end(), entry) != environment.end();
    };
    const std::string network = "RUNNER_BUILDER_NETWORK=host";
    hosts_ = {"reg.net:10.0.0.1"};
    EXPECT_FALSE(says(network));  // a job without an engine
    objects_.sidecar = true;
    EXPECT_TRUE(says(network));
    EXPECT_TRUE(says("RUNNER_BUILDER_NAME=runner"));
    dind_.builder_driver_opts = {};
    EXPECT_FALSE(says(network));
    dind_ = {};
    hosts_ = {};
    EXPECT_FALSE(says(network));
}

TEST_F(BuildPlan, AnEngineHasItsDataOnAVolumeOnce) {
    objects_.engine = true;
    binds_ = {"cache:/var/lib/docker"};
    EXPECT_TRUE(plan().anonymous_volumes.empty());
    binds_.clear();
    image_.volumes = {"/var/lib/docker"};
    EXPECT_TRUE(plan().anonymous_volumes.empty());
}

TEST_F(BuildPlan, ServicesAreFoundByNamesOrByHosts) {
    EXPECT_EQ(plan().extra_hosts, Words{"db:1.2.3.4"});
    objects_.network = "own";
    objects_.base = "base";
    EXPECT_TRUE(plan().extra_hosts.empty());
    EXPECT_EQ(plan().aliases, (Words{"build", "base-build"}));
}

TEST(SidecarEngine, ListensAtTheSharedSocket) {
    DindSettings dind;
    JobEnvironment job;
    job.environment = {{"A", "b"}};
    const auto engine = plan_sidecar_engine(dind, job, "base", {}, 1400);
    ASSERT_TRUE(engine.has_value());
    EXPECT_EQ(engine->container_name, "base-engine");
    EXPECT_EQ(engine->spec.command, (Words{"dockerd", "--host=unix:///.runner-engine/docker.sock",
                                           "--host=unix:///var/run/docker.sock"}));
    EXPECT_TRUE(engine->privileged);
    ASSERT_EQ(engine->files.size(), 1U);
    EXPECT_NE(engine->files[0].second.find("1400"), std::string::npos);
}

TEST(SidecarEngine, ReachesPrivateRegistriesWithoutTheJobsProxy) {
    const auto environment = [](std::vector<EnvironmentVariable> variables) {
        DeclaredRegistry registry;
        registry.settings.host = "reg.net:5000";
        registry.settings.http = true;
        JobEnvironment job;
        job.environment = std::move(variables);
        const auto engine = plan_sidecar_engine({}, job, "base", {registry}, 1400);
        std::map<std::string, std::string> values;
        for (const auto& one : engine->spec.environment) values[one.name] = one.value;
        return values;
    };
    EXPECT_EQ(environment({{"HTTP_PROXY", "p"}}).at("NO_PROXY"), "docker,reg.net");
    EXPECT_EQ(environment({{"https_proxy", "p"}, {"no_proxy", "a"}}).at("no_proxy"),
              "a,docker,reg.net");
    EXPECT_EQ(environment({{"NO_PROXY", "a"}}).at("NO_PROXY"), "a");
    EXPECT_EQ(environment({{"HTTP_PROXY", ""}}).count("NO_PROXY"), 0U);
}

TEST(EnvironmentDescription, TellsScriptsOfEngineAndNetwork) {
    JobObjects objects;
    objects.hostname = "host";
    objects.image = "app";
    EXPECT_TRUE(describe_environment(objects).script_environment.empty());
    EXPECT_FALSE(engine_readiness(objects, {}).has_value());
    EXPECT_EQ(entrypoint_hint(objects), "");
    objects.sidecar = true;
    objects.network = "own";
    objects.entrypoint = {"tini"};
    const auto info = describe_environment(objects);
    ASSERT_EQ(info.script_environment.size(), 2U);
    EXPECT_EQ(info.script_environment[0].value, "unix:///var/run/docker.sock");
    EXPECT_EQ(info.script_environment[1].value, "own");
    EXPECT_TRUE(engine_readiness(objects, {}).has_value());
    EXPECT_EQ(info.silence_hint.find("The ENTRYPOINT [tini] of the image app did not run"), 0U);
}

}  // namespace
}  // namespace executors::docker
