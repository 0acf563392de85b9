#include "executors/docker/services.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "executors/docker/service_health.hpp"
#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

PlannedService service(const std::string& image) {
    PlannedService planned;
    planned.spec.image.name = image;
    planned.container_name = "job-" + image;
    planned.aliases = {image, "alias"};
    planned.slug = image;
    planned.version = "latest";
    return planned;
}

ImageInfo engine_image() {
    ImageInfo image;
    image.id = "id";
    image.entrypoint = {"dockerd-entrypoint.sh"};
    return image;
}

TEST(ServiceContainer, HasTheLabelsOfTheJobUnderBothNames) {
    JobEnvironment job;
    job.labels = {{"team", "a"}, {"com.gitlab.gitlab-runner.job.id", "7"}};
    const auto plan = plan_service_container(service("db"), engine_image(), job, {}, {});
    EXPECT_EQ(plan.labels, (std::map<std::string, std::string>{
                               {"team", "a"},
                               {"com.gitlab.gitlab-runner.team", "a"},
                               {"com.gitlab.gitlab-runner.job.id", "7"},
                               {"com.gitlab.gitlab-runner.type", "service"},
                               {"com.gitlab.gitlab-runner.service", "db"},
                               {"com.gitlab.gitlab-runner.service.version", "latest"}}));
}

TEST(ServiceContainer, HasAliasesOnlyWhereTheNetworkResolvesThem) {
    ServiceSurroundings around;
    EXPECT_TRUE(plan_service_container(service("db"), {}, {}, {}, around).aliases.empty());
    around.network_names = true;
    EXPECT_EQ(plan_service_container(service("db"), {}, {}, {}, around).aliases,
              (Words{"db", "alias"}));
}

TEST(ServiceContainer, HasInitProgramAndNetworkNameOfTheJob) {
    JobEnvironment job;
    ServiceSurroundings around;
    PlannedService db = service("db");
    db.spec.environment = {{"CI_BUILD_NETWORK_NAME", "of the job"}};
    auto plan = plan_service_container(db, {}, job, {}, around);
    EXPECT_FALSE(plan.init);
    EXPECT_EQ(plan.environment, Words{"CI_BUILD_NETWORK_NAME=of the job"});
    job.init_process = true;
    around.own_network = "own";
    plan = plan_service_container(db, {}, job, {}, around);
    EXPECT_TRUE(plan.init);
    EXPECT_EQ(plan.environment.back(), "CI_BUILD_NETWORK_NAME=own");
}

TEST(ServiceContainer, SwitchesTlsOffForAnEngineThatIsToldSo) {
    const auto command = [](bool privileged, const Words& own, const std::string* directory) {
        PlannedService engine = service("docker");
        engine.privileged = privileged;
        engine.spec.command = own;
        if (directory != nullptr) {
            engine.spec.environment.push_back({"DOCKER_TLS_CERTDIR", *directory});
        }
        return plan_service_container(engine, engine_image(), {}, {}, {}).command.value_or(Words{});
    };
    const std::string none;
    const std::string certs = "/certs";
    EXPECT_EQ(command(true, {}, &none), Words{"--tls=false"});
    EXPECT_EQ(command(true, {"--mtu=1400"}, &none), (Words{"--mtu=1400", "--tls=false"}));
    EXPECT_EQ(command(true, {"--tls=false"}, &none), Words{"--tls=false"});
    EXPECT_EQ(command(true, {"dockerd"}, &none), Words{"dockerd"});
    EXPECT_EQ(command(true, {"sh"}, &none), Words{"sh"});
    EXPECT_EQ(command(true, {}, &certs), Words{});
    EXPECT_EQ(command(true, {}, nullptr), Words{});
    EXPECT_EQ(command(false, {}, &none), Words{});
}

/// Health checks of one service.
class ServiceHealthTest : public testing::Test {
  protected:
    void SetUp() override {
        engine_.containers["id"] =
            SimulatedEngine::Container{.name = "job-db",
                                       .body = nlohmann::json::object(),
                                       .running = true,
                                       .exit_code = 3,
                                       .log = exec_frame('1', "one\n") + exec_frame('2', "two\n"),
                                       .written = {}};
        service_.plan = service("db");
        service_.id = "id";
    }
    void check() {
        const auto api = simulated_api(engine_, true);
        PortProbe probe(*api, "helper", {{"job", "7"}}, noted_);
        ServiceHealth health(*api, docker_, log_, reaches_networks_, probe);
        const std::vector<StartedService> services{service_};
        ASSERT_TRUE(tests::run_to_end(context_, health.wait(services)).has_value());
    }
    void listen() {
        acceptor_.emplace(context_, boost::asio::ip::tcp::endpoint(
                                        boost::asio::ip::make_address("127.0.0.1"), 0));
        service_.address = "127.0.0.1";
        service_.ports = {acceptor_->local_endpoint().port()};
    }

    boost::asio::io_context context_{1};
    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    SimulatedEngine engine_;
    DockerSettings docker_;
    tests::JobLogLines log_;
    StartedService service_;
    bool reaches_networks_ = true;
    std::vector<std::string> noted_{"job-db"};
};

TEST_F(ServiceHealthTest, AnOpenPortIsEnough) {
    listen();
    check();
    EXPECT_EQ(log_.lines,
              Words{"Waiting for services to be up and running (timeout 30 seconds)..."});
}

TEST_F(ServiceHealthTest, AContainerThatEndsIsAWarningWithItsLog) {
    engine_.containers["id"].running = false;
    check();
    ASSERT_EQ(log_.lines.size(), 2U);
    EXPECT_EQ(log_.lines[1],
              "\n*** WARNING: Service job-db probably didn't start properly.\n\nHealth check "
              "error:\nthe service's container ended with exit code 3\n\nService container "
              "logs:\none\ntwo\n\n*********\n");
}

TEST_F(ServiceHealthTest, AClosedPortIsAWarningAfterTheLimit) {
    listen();
    acceptor_->close();
    docker_.wait_for_services_timeout_seconds = 1;
    check();
    EXPECT_TRUE(log_.has("no answer at 127.0.0.1 on port "));
    EXPECT_TRUE(log_.has("within 1 s"));
}

TEST_F(ServiceHealthTest, PortsAreAskedFromInsideWhereNetworksAreOutOfReach) {
    service_.address = "172.17.0.9";
    service_.ports = {5432, 80};
    service_.image = "image";
    reaches_networks_ = false;
    nlohmann::json probe;
    engine_.on_start = [&](SimulatedEngine::Container& started) {
        probe = started.body;
        EXPECT_EQ(noted_.back(), "job-db-wait-for-service") << "cleanup has to know it";
        started.running = false;
        started.exit_code = 0;
    };
    check();
    EXPECT_EQ(log_.lines.size(), 1U);
    EXPECT_EQ(probe["Cmd"], (Words{"await-port", "--address", "172.17.0.9", "--limit-ms", "30000",
                                   "5432", "80"}));
    EXPECT_EQ(probe["Image"], "image");
    EXPECT_EQ(probe["Healthcheck"]["Test"], Words{"NONE"});
    EXPECT_EQ(probe["HostConfig"]["NetworkMode"], "container:id");
    EXPECT_EQ(probe["HostConfig"]["Binds"], Words{"helper:/.runner:ro"});
    EXPECT_EQ(probe["Labels"]["job"], "7");
    EXPECT_EQ(noted_, Words{"job-db"});
    EXPECT_EQ(engine_.inventory(), std::set<std::string>{"container job-db"});
}

TEST_F(ServiceHealthTest, AServiceOnTheHostsNetworkIsAskedAtItsLoopback) {
    service_.ports = {80};
    engine_.on_start = [&](SimulatedEngine::Container& started) {
        EXPECT_EQ(started.body["Cmd"][2], "127.0.0.1");
        started.running = false;
        started.exit_code = 1;
    };
    check();
    EXPECT_TRUE(log_.has("no answer at 127.0.0.1 on port 80 within 30 s"));
}

TEST_F(ServiceHealthTest, AProbeThatCannotRunIsAWarning) {
    service_.ports = {80};
    engine_.break_request(2, SimulatedEngine::Fault::kRefused);
    check();
    EXPECT_TRUE(log_.has("could not be asked from inside of its network: "));
}

TEST_F(ServiceHealthTest, AnEndedServiceEndsTheProbe) {
    service_.ports = {80};
    engine_.on_start = [&](SimulatedEngine::Container&) {
        engine_.containers["id"].running = false;
    };
    check();
    EXPECT_TRUE(log_.has("the service's container ended with exit code 3"));
}

TEST_F(ServiceHealthTest, ANegativeLimitChecksNothing) {
    docker_.wait_for_services_timeout_seconds = -1;
    check();
    EXPECT_TRUE(log_.lines.empty());
    EXPECT_TRUE(engine_.requests.empty());
}

TEST_F(ServiceHealthTest, AnEngineIsAskedByItsOwnClient) {
    listen();
    service_.engine = true;
    check();
    EXPECT_EQ(log_.lines.size(), 1U);
    EXPECT_EQ(engine_.requests.back(), "GET /v1.45/exec/exec/json");
}

TEST_F(ServiceHealthTest, TheRunnersOwnEngineIsNotAskedByItsPorts) {
    listen();
    acceptor_->close();
    service_.engine = true;
    service_.plan.of_runner = true;
    check();
    EXPECT_EQ(log_.lines.size(), 1U);
    EXPECT_EQ(engine_.requests.back(), "GET /v1.45/exec/exec/json");
}

}  // namespace
}  // namespace executors::docker
