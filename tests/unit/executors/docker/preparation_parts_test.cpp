#include <gtest/gtest.h>

#include <algorithm>

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
    job.default_image = "default";
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
    job.image = image("default");
    EXPECT_TRUE(choose_image(job, docker, {}, log).has_value()) << "a job may name the default";
}

TEST(ImageChoice, RefusesWhatCannotBeAnImageNameBeforeItIsPrintedOrMatched) {
    DockerSettings docker;
    docker.allowed_images = {"my.registry.tld:5000/*:*"};
    tests::JobLogLines log;
    JobEnvironment job;
    for (const std::string& name :
         {"my.registry.tld:5000/" + std::string(100'000, ':'), std::string("a b"),
          "my.registry.tld:5000/a:b:c" + std::string(256, 'd'), std::string(1'000'000, 'a')}) {
        job.image = image(name);
        const auto refused = choose_image(job, docker, {}, log);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, base::ErrorKind::kConfiguration);
        EXPECT_LT(refused.error().message.size(), 1'100U);
    }
    EXPECT_TRUE(log.lines.empty());
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

/// A plan of the build container.
class BuildPlan : public testing::Test {
  protected:
    [[nodiscard]] ContainerPlan plan() const {
        BuildPlanInput input{dind_, job_,      objects_, choice_, image_, client_,
                             name_, "network", names_,   binds_,  hosts_, {"db:1.2.3.4"}};
        return plan_build_container(input);
    }

    DindSettings dind_;
    JobEnvironment job_;
    JobObjects objects_;
    ImageChoice choice_;
    ImageInfo image_;
    ClientPlan client_;
    std::string name_;
    bool names_ = false;
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
    EXPECT_EQ(made.environment, (Words{"A=b", "PATH=/.runner-front:/.runner/bin:/own",
                                       "DOCKER_TLS_CERTDIR=", "RUNNER_DIND_SHARED=1",
                                       "RUNNER_BUILDER_NAME=runner", "RUNNER_NO_PROXY="}))
        << "the user of the scripts is not root";
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

TEST_F(BuildPlan, AnEngineListensAsTheClientWants) {
    objects_.engine = true;
    client_.open_port = true;
    client_.certificates = "/certs";
    job_.environment = {{"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_TLS_CERTDIR", "/other"}};
    EXPECT_EQ(plan().environment,
              (Words{"PATH=/.runner-front:/.runner/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                     "/usr/bin:/sbin:/bin",
                     "DOCKER_TLS_CERTDIR=/certs", "RUNNER_DIND_TCP=1", "RUNNER_BUILDER_NAME=runner",
                     "RUNNER_NO_PROXY="}));
}

TEST_F(BuildPlan, BuildersLearnTheSlotOfTheJob) {
    const auto says = [&] {
        const auto environment = plan().environment;
        return std::find(environment.begin(), environment.end(),
                         "RUNNER_BUILD_NODE=" + build_node(job_)) != environment.end();
    };
    job_.volume_prefix = "runner-0123";
    EXPECT_FALSE(says()) << "no engine";
    objects_.sidecar = true;
    EXPECT_TRUE(says());
}

TEST_F(BuildPlan, AnEngineHasANameInItsContainerAndNetwork) {
    name_ = "docker";
    EXPECT_EQ(plan().extra_hosts, Words{"db:1.2.3.4"}) << "no engine";
    objects_.engine = true;
    EXPECT_EQ(plan().extra_hosts, (Words{"db:1.2.3.4", "docker:127.0.0.1"}));
    objects_.network = "own";
    objects_.base = "base";
    names_ = true;
    EXPECT_EQ(plan().extra_hosts, Words{"docker:127.0.0.1"});
    EXPECT_EQ(plan().aliases, (Words{"build", "base-build", "docker"}));
}

TEST_F(BuildPlan, HasNamesAndHostsOnANetworkOfOthers) {
    name_ = "docker";
    names_ = true;
    objects_.engine = true;
    objects_.base = "base";
    const auto made = plan();
    EXPECT_EQ(made.aliases, (Words{"build", "base-build"}))
        << "the engines of other jobs have that name, too";
    EXPECT_EQ(made.extra_hosts, (Words{"db:1.2.3.4", "docker:127.0.0.1"}));
}

TEST_F(BuildPlan, NoVariableOfTheJobHidesTheNameOfItsNetwork) {
    job_.environment = {{"CI_BUILD_NETWORK_NAME", "of the job"}};
    EXPECT_EQ(plan().environment, Words{"CI_BUILD_NETWORK_NAME=of the job"});
    objects_.network = "own";
    EXPECT_EQ(plan().environment, Words{"CI_BUILD_NETWORK_NAME=own"});
}

TEST_F(BuildPlan, AnEngineMayBeStartedByTheEntrypointOfTheJob) {
    objects_.engine = true;
    choice_.image.entrypoint = Words{"dockerd-entrypoint.sh", "--mtu=1400"};
    const auto made = plan();
    EXPECT_EQ(made.entrypoint, choice_.image.entrypoint);
    EXPECT_FALSE(made.command.has_value());
}

TEST_F(BuildPlan, ScriptsFindTheRunnersDockerFirstWhileImagesAreCopied) {
    objects_.sidecar = true;
    job_.environment = {{"PATH", "/own"}};
    const Words builder{"RUNNER_BUILDER_NAME=runner", "RUNNER_NO_PROXY="};
    EXPECT_EQ(plan().environment, (Words{"PATH=/own", builder[0], builder[1]}));
    objects_.preloads = {{"busybox", "id", "image-0"}};
    EXPECT_EQ(plan().environment, (Words{"PATH=/.runner-front:/own", builder[0], builder[1]}));
}

TEST_F(BuildPlan, AnEngineHasItsDataOnAVolumeOnce) {
    objects_.engine = true;
    binds_ = {"cache:/var/lib/docker"};
    EXPECT_TRUE(plan().anonymous_volumes.empty());
    binds_.clear();
    binds_ = {"cache:/var/lib"};
    EXPECT_TRUE(plan().anonymous_volumes.empty());
    binds_ = {"cache:/var/lib/docker-other"};
    EXPECT_FALSE(plan().anonymous_volumes.empty());
    binds_.clear();
    image_.volumes = {"/var/lib/docker"};
    EXPECT_TRUE(plan().anonymous_volumes.empty());
}

TEST_F(BuildPlan, ServicesAreFoundByNamesOrByHosts) {
    EXPECT_EQ(plan().extra_hosts, Words{"db:1.2.3.4"});
    objects_.network = "own";
    objects_.base = "base";
    names_ = true;
    EXPECT_TRUE(plan().extra_hosts.empty());
    EXPECT_EQ(plan().aliases, (Words{"build", "base-build"}));
}

/// The plan of a sidecar engine.
class SidecarPlan : public testing::Test {
  protected:
    [[nodiscard]] PlannedService plan() const {
        const SidecarInput input{dind_, job_, {}, client_, "base", "docker", "helper", 1400};
        return plan_sidecar_engine(input).value();
    }
    DindSettings dind_;
    JobEnvironment job_;
    ClientPlan client_;
};

TEST_F(SidecarPlan, ListensAtTheSharedSocket) {
    const auto engine = plan();
    EXPECT_EQ(engine.container_name, "base-engine");
    EXPECT_EQ(engine.spec.command, (Words{"dockerd", "--host=unix:///.runner-engine/docker.sock",
                                          "--host=unix:///var/run/docker.sock"}));
    EXPECT_EQ(engine.aliases, Words{"docker"});
    EXPECT_EQ(engine.binds, Words{"helper:/.runner:ro"});
    EXPECT_TRUE(engine.privileged);
    ASSERT_EQ(engine.files.size(), 1U);
    EXPECT_NE(engine.files[0].second.find("1400"), std::string::npos);
}

TEST_F(SidecarPlan, OpensThePortThatTheClientNames) {
    client_.open_port = true;
    EXPECT_EQ(plan().spec.command, (Words{"dockerd", "--host=unix:///.runner-engine/docker.sock",
                                          "--host=unix:///var/run/docker.sock",
                                          "--host=tcp://0.0.0.0:2375", "--tls=false"}));
}

TEST_F(SidecarPlan, LeavesTlsToTheEntrypointOfTheImage) {
    client_.certificates = "/certs";
    job_.environment = {{"A", "b"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/c"}};
    const auto engine = plan();
    EXPECT_EQ(engine.spec.command, Words{"--host=unix:///.runner-engine/docker.sock"});
    ASSERT_EQ(engine.spec.environment.size(), 5U) << "dockerd would take over what clients have";
    EXPECT_EQ(engine.spec.environment[0].name, "A");
    EXPECT_EQ(engine.spec.environment[1].name, "RUNNER_DIND_SHARED");
    EXPECT_EQ(engine.spec.environment[2].name, "RUNNER_DIND_TCP");
    EXPECT_EQ(engine.spec.environment[3].name, "RUNNER_NO_PROXY");
    EXPECT_EQ(engine.spec.environment[3].value, "docker");
    EXPECT_EQ(engine.spec.environment[4].name, "DOCKER_TLS_CERTDIR");
    EXPECT_EQ(engine.spec.environment[4].value, "/certs");
}

TEST(EnvironmentDescription, TellsScriptsOfEngineAndNetwork) {
    JobObjects objects;
    objects.hostname = "host";
    objects.image = "app";
    EXPECT_TRUE(describe_environment(objects).script_environment.empty());
    EXPECT_TRUE(describe_environment(objects).fixed_environment.empty());
    EXPECT_FALSE(engine_readiness(objects, {}).has_value());
    EXPECT_EQ(entrypoint_hint(objects), "");
    objects.sidecar = true;
    objects.script_environment = {{"DOCKER_HOST", "unix:///var/run/docker.sock"}};
    objects.network = "own";
    objects.entrypoint = {"tini"};
    const auto info = describe_environment(objects);
    ASSERT_EQ(info.script_environment.size(), 1U);
    EXPECT_EQ(info.script_environment[0].value, "unix:///var/run/docker.sock");
    ASSERT_EQ(info.fixed_environment.size(), 1U);
    EXPECT_EQ(info.fixed_environment[0].name, "CI_BUILD_NETWORK_NAME");
    EXPECT_EQ(info.fixed_environment[0].value, "own");
    EXPECT_TRUE(engine_readiness(objects, {}).has_value());
    EXPECT_EQ(info.silence_hint.find("The ENTRYPOINT [tini] of the image app did not run"), 0U);
}

TEST(EnvironmentDescription, SaysThatAnEngineImageIsNotPrivileged) {
    JobObjects objects;
    objects.entrypoint = {"dockerd"};
    objects.unprivileged = "it is not privileged";
    EXPECT_EQ(entrypoint_hint(objects), "it is not privileged");
}

TEST(EnvironmentDescription, SaysOnlyOfABuilderThatThereIsOne) {
    JobObjects objects;
    objects.engine = true;
    EXPECT_EQ(engine_readiness(objects, {})->script, "");
    EXPECT_EQ(engine_readiness(objects, {})->ready_message, "");
    objects.builder = true;
    EXPECT_NE(engine_readiness(objects, {})->script, "");
    EXPECT_EQ(engine_readiness(objects, {})->ready_message,
              "The builder \"runner\" is current (network=host); its container will be there at "
              "first use");
}

}  // namespace
}  // namespace executors::docker
