#include "executors/docker/inner_engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

/// Where the engine of a job runs.
class InnerEngineTest : public testing::Test {
  protected:
    InnerEngineTest() {
        docker_.privileged = true;
        choice_.privileged = true;
        choice_.image.name = "app";
        engine_image_.entrypoint = {"dockerd-entrypoint.sh"};
        engine_image_.environment = {"DOCKER_TLS_CERTDIR=/certs"};
    }
    [[nodiscard]] InnerEnginePlan plan(const ImageInfo& image) const {
        return plan_inner_engine({.docker = docker_,
                                  .dind = dind_,
                                  .job = job_,
                                  .choice = choice_,
                                  .image = image,
                                  .services = services_,
                                  .binds = binds_,
                                  .hostname = "Host",
                                  .network_mode = network_});
    }
    void add_service(const Words& aliases, bool engine) {
        StartedService service;
        service.plan.spec.image.name = "docker:dind";
        service.plan.aliases = aliases;
        service.engine = engine;
        service.certificates = engine ? "/certs" : "";
        services_.push_back(service);
    }

    DockerSettings docker_;
    DindSettings dind_;
    JobEnvironment job_;
    ImageChoice choice_;
    ImageInfo engine_image_;
    ImageInfo plain_image_;
    std::vector<StartedService> services_;
    Words binds_;
    std::string network_;
};

TEST_F(InnerEngineTest, FollowsModeImageAndPrivilege) {
    struct Case {
        DindMode mode;
        bool privileged;
        bool engine_image;
        std::optional<Words> entrypoint;
        InnerEngine expected;
    };
    const std::vector<Case> cases{
        {DindMode::kAuto, true, true, {}, InnerEngine::kBuildContainer},
        {DindMode::kAuto, true, false, {}, InnerEngine::kNone},
        {DindMode::kAuto, false, true, {}, InnerEngine::kNone},
        {DindMode::kAuto, true, true, Words{""}, InnerEngine::kNone},
        {DindMode::kAuto, true, true, Words{"sh"}, InnerEngine::kNone},
        {DindMode::kAuto, true, true, Words{"dockerd-entrypoint.sh"}, InnerEngine::kBuildContainer},
        {DindMode::kAuto, true, true, Words{"/usr/local/bin/dockerd-entrypoint.sh", "--mtu=1400"},
         InnerEngine::kBuildContainer},
        {DindMode::kOff, true, true, {}, InnerEngine::kNone},
        {DindMode::kOn, true, true, {}, InnerEngine::kBuildContainer},
        {DindMode::kOn, true, false, {}, InnerEngine::kSidecar},
        {DindMode::kOn, true, true, Words{"sh"}, InnerEngine::kSidecar}};
    for (const auto& entry : cases) {
        dind_.mode = entry.mode;
        choice_.privileged = entry.privileged;
        choice_.image.entrypoint = entry.entrypoint;
        EXPECT_EQ(plan(entry.engine_image ? engine_image_ : plain_image_).place, entry.expected);
    }
}

TEST_F(InnerEngineTest, AnEngineServiceOfTheJobIsUsedInstead) {
    add_service({"docker"}, true);
    const auto made = plan(engine_image_);
    EXPECT_EQ(made.place, InnerEngine::kService);
    EXPECT_NE(made.note.find("its service docker:dind"), std::string::npos);
    ASSERT_EQ(made.client.variables.size(), 3U);
    EXPECT_EQ(made.client.variables[2].value, "tcp://docker:2376");
    dind_.mode = DindMode::kOn;
    EXPECT_EQ(plan(plain_image_).place, InnerEngine::kService);
}

TEST_F(InnerEngineTest, AnEngineServiceBesideAnyOtherImageChangesNothingThatWasNotAskedFor) {
    add_service({"docker"}, true);
    auto made = plan(plain_image_);
    EXPECT_EQ(made.place, InnerEngine::kNone);
    EXPECT_TRUE(made.client.variables.empty());
    EXPECT_EQ(made.note, "");
    job_.client_environment = {{"DOCKER_HOST", "tcp://docker:2376"}};
    EXPECT_EQ(plan(plain_image_).client.variables.size(), 2U) << "what TLS needs";
    job_.client_environment = {{"DOCKER_HOST", "tcp://docker:2375"}};
    made = plan(plain_image_);
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_NE(made.warnings[0].find("DOCKER_TLS_CERTDIR is \"/certs\""), std::string::npos);
    dind_.mode = DindMode::kOff;
    EXPECT_TRUE(plan(plain_image_).warnings.empty());
}

TEST_F(InnerEngineTest, AMountedSocketMeansTheHostsEngine) {
    binds_ = {"/var/run/docker.sock:/var/run/docker.sock"};
    EXPECT_EQ(plan(engine_image_).place, InnerEngine::kHost);
    binds_ = {"/run:/run"};
    EXPECT_EQ(plan(engine_image_).place, InnerEngine::kHost);
    binds_ = {"/var/run/docker.sock:/host/docker.sock"};
    EXPECT_EQ(plan(engine_image_).place, InnerEngine::kBuildContainer);
}

TEST_F(InnerEngineTest, TheMachineIsCalledDockerUnlessSomethingElseIs) {
    EXPECT_EQ(plan(engine_image_).name, "docker");
    EXPECT_EQ(plan(plain_image_).name, "");
    network_ = "container:other";
    EXPECT_EQ(plan(engine_image_).name, "");
    network_.clear();
    docker_.extra_hosts = {"docker:10.0.0.1"};
    EXPECT_EQ(plan(engine_image_).name, "");
    docker_.extra_hosts.clear();
    add_service({"db", "docker"}, false);
    EXPECT_EQ(plan(engine_image_).name, "");
    dind_.mode = DindMode::kOn;
    EXPECT_EQ(plan(plain_image_).name, "docker-engine");
}

TEST_F(InnerEngineTest, TheClientMayUseTheContainersOwnName) {
    job_.client_environment = {{"DOCKER_HOST", "tcp://host:2375"}};
    EXPECT_TRUE(plan(engine_image_).client.open_port);
    dind_.mode = DindMode::kOn;
    const auto beside = plan(plain_image_);
    EXPECT_FALSE(beside.client.reaches);
    ASSERT_EQ(beside.warnings.size(), 1U);
    EXPECT_NE(beside.warnings[0].find("tcp://host:2375"), std::string::npos);
}

TEST_F(InnerEngineTest, AnUnprivilegedEngineImageIsNamed) {
    choice_.privileged = false;
    auto made = plan(engine_image_);
    EXPECT_NE(made.unprivileged.find("is not privileged"), std::string::npos);
    EXPECT_NE(made.unprivileged.find("allowed_privileged_images"), std::string::npos);
    EXPECT_EQ(made.warnings, Words{made.unprivileged});
    docker_.privileged = false;
    EXPECT_NE(plan(engine_image_).unprivileged.find("`privileged = true`"), std::string::npos);
    choice_.image.entrypoint = Words{""};
    EXPECT_EQ(plan(engine_image_).unprivileged, "");
    choice_.image.entrypoint.reset();
    EXPECT_EQ(plan(plain_image_).unprivileged, "");
    binds_ = {"/var/run/docker.sock:/var/run/docker.sock"};
    EXPECT_EQ(plan(engine_image_).unprivileged, "") << "the job uses the host's engine";
}

}  // namespace
}  // namespace executors::docker
