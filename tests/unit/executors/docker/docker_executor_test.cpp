#include "executors/docker/docker_executor.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"

#include <algorithm>

#include "tests/unit/executors/docker/docker_executor_fixture.hpp"

namespace executors::docker {
namespace {

using base::ErrorKind;

INSTANTIATE_TEST_SUITE_P(Images, DockerExecutorTest, all_scenarios(), scenario_name);

class ObservedSteps final : public ExecutorObserver {
  public:
    void on_step(std::string_view step) override {
        if (steps.empty() || steps.back() != step) steps.emplace_back(step);
    }
    void on_pull(const ImagePull& pull) override { pulled = pulled || pull.done; }
    std::vector<std::string> steps;
    bool pulled = false;
};

TEST_P(DockerExecutorTest, TellsWhatThePreparationIsBusyWith) {
    ObservedSteps observed;
    auto executor = make();
    executor->observe(observed);
    ASSERT_TRUE(prepare(*executor));
    const auto at = [&](const char* step) {
        const auto found = std::find(observed.steps.begin(), observed.steps.end(), step);
        EXPECT_NE(found, observed.steps.end()) << step;
        return found - observed.steps.begin();
    };
    EXPECT_EQ(at("creating_user_volumes"), 0);
    EXPECT_LT(at("creating_user_volumes"), at("creating_services"));
    EXPECT_LT(at("creating_services"), at("pulling_image"));
    EXPECT_LT(at("pulling_image"), at("bootstrap"));
    EXPECT_EQ(observed.steps.back(), "prepare") << "no step is left open";
    EXPECT_TRUE(observed.pulled);
    EXPECT_TRUE(cleanup(*executor));
}

TEST_P(DockerExecutorTest, APreparationMakesWhatTheJobNeeds) {
    auto executor = make();
    const auto prepared = prepare(*executor);
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message;
    const auto* build = engine_.find("-build");
    ASSERT_NE(build, nullptr);
    EXPECT_TRUE(build->running);
    EXPECT_EQ(build->body["Image"], "id-of-app");
    ASSERT_NE(engine_.find("-db-0"), nullptr);
    EXPECT_EQ(engine_.networks.size(), 2U);
    const bool sidecar = GetParam() == Scenario::kSidecar;
    EXPECT_EQ(engine_.find("-engine") != nullptr, sidecar);
    EXPECT_EQ(executor->readiness().has_value(), GetParam() != Scenario::kPlainImage);
    EXPECT_EQ(executor->info().description, "runner-x");
    EXPECT_TRUE(cleanup(*executor).has_value());
    expect_clean("at the end");
}

TEST_P(DockerExecutorTest, AnEngineHasTheVolumeWithTheBuildersImage) {
    const auto binds_with = [this](const char* part) {
        auto executor = make();
        EXPECT_TRUE(prepare(*executor).has_value());
        const auto* container = engine_.find(part);
        const std::string binds =
            container == nullptr ? "" : container->body["HostConfig"]["Binds"].dump();
        EXPECT_TRUE(cleanup(*executor).has_value());
        return binds;
    };
    const bool plain = GetParam() == Scenario::kPlainImage;
    const bool sidecar = GetParam() == Scenario::kSidecar;
    const char* engine = sidecar ? "-engine" : "-build";
    const std::string name =
        builder_volume_name(sidecar ? "id-of-dind" : "id-of-app", "id-of-buildkit");
    EXPECT_EQ(binds_with(engine).find(name + ":/.runner-builder:ro") == std::string::npos, plain);
    EXPECT_EQ(engine_.volumes.contains(name), !plain);
    const std::string place = ":/.runner-builder";
    EXPECT_EQ(binds_with("-build").find(place) == std::string::npos, plain || sidecar)
        << "scripts beside an engine have no use for it";
    docker_.runtime = "other";
    EXPECT_EQ(binds_with(engine).find(place), std::string::npos) << "another runtime";
    docker_.runtime.clear();
    engine_.images.erase("buildkit");
    EXPECT_EQ(binds_with(engine).find(place), std::string::npos) << "the host has no such image";
    engine_.add_image("buildkit");
    docker_.volumes = {"/srv/docker:/var/lib/docker"};
    EXPECT_EQ(binds_with(engine).find(place), std::string::npos)
        << "a data root of the administrator";
}

TEST_P(DockerExecutorTest, ARenewalKeepsTheVolumesOfTheJob) {
    auto executor = make();
    ASSERT_TRUE(prepare(*executor));
    const auto volumes = engine_.volumes;
    const std::string former = engine_.id_of_part("-build");
    engine_.containers.erase(former);
    ASSERT_TRUE(executor->can_renew());
    const auto renewed = tests::run_to_end(context_, executor->renew(job_, log_));
    ASSERT_TRUE(renewed.has_value()) << renewed.error().message;
    const auto* build = engine_.find("-build");
    ASSERT_NE(build, nullptr);
    EXPECT_TRUE(build->running);
    for (const auto& [name, volume] : volumes) {
        if (name.find("-cache-") == std::string::npos) continue;
        EXPECT_TRUE(engine_.volumes.contains(name)) << name;
    }
    EXPECT_TRUE(log_.has("Container \"" + former + "\" not found or removed. Will retry..."));
    EXPECT_TRUE(cleanup(*executor).has_value());
    expect_clean("after a renewal");
}

TEST_P(DockerExecutorTest, ARenewalThatFailsLeavesNothing) {
    auto executor = make();
    ASSERT_TRUE(prepare(*executor));
    engine_.containers.erase(engine_.id_of_part("-build"));
    engine_.images.erase("app");
    EXPECT_FALSE(tests::run_to_end(context_, executor->renew(job_, log_)));
    EXPECT_TRUE(cleanup(*executor).has_value());
    expect_clean("after a renewal that failed");
}

TEST_P(DockerExecutorTest, TheJobsContainerStartsWhenTheServicesAreReady) {
    const auto prepare_with_health_check = [&](int late_request) {
        start_engine();
        engine_.add_image("db", nlohmann::json::object());
        engine_.short_lived = {"id-of-db"};
        docker_.wait_for_services_timeout_seconds = 1;
        auto executor = make();
        if (late_request > 0) engine_.break_request(late_request, Fault::kLate);
        EXPECT_TRUE(prepare(*executor).has_value());
        const auto requests = engine_.requests;
        const std::string start =
            "POST /v1.45/containers/" + engine_.id_of_part("-build") + "/start";
        EXPECT_TRUE(cleanup(*executor).has_value());
        return std::pair(requests, start);
    };
    const auto position = [](const std::vector<std::string>& all, const std::string& end) {
        return std::find_if(all.begin(), all.end(),
                            [&](const auto& request) { return request.ends_with(end); }) -
               all.begin();
    };
    const auto [dry, unused] = prepare_with_health_check(0);
    const auto number = static_cast<int>(position(dry, "/wait")) + 1;
    // The log is asked for after the answer to the wait.
    const auto [requests, start] = prepare_with_health_check(number);
    EXPECT_LT(position(requests, "/logs"), position(requests, start));
}

TEST_P(DockerExecutorTest, TheLoginLiesWhereTheClientLooks) {
    job_.docker_auth_config = R"({"auths": {"registry.example": {"auth": "dTpw"}}})";
    if (GetParam() == Scenario::kPlainImage) {
        start_engine();
        auto executor = make();
        EXPECT_TRUE(prepare(*executor).has_value());
        const std::string files = engine_.find("-build")->written["/"];
        EXPECT_EQ(files.find("config.json"), std::string::npos) << "no engine, no login";
        EXPECT_TRUE(cleanup(*executor).has_value());
        return;
    }
    const auto files_with = [this](const std::string& directory) {
        start_engine();
        job_.client_environment = {{"DOCKER_CONFIG", directory}};
        auto executor = make();
        EXPECT_TRUE(prepare(*executor).has_value());
        const std::string files = engine_.find("-build")->written["/"];
        const auto readiness = executor->readiness();
        EXPECT_TRUE(cleanup(*executor).has_value());
        return std::pair(files, *readiness);
    };
    const auto [files, readiness] = files_with("/srv/client");
    EXPECT_NE(files.find("srv/client/config.json"), std::string::npos);
    EXPECT_FALSE(readiness.after_sources);
    EXPECT_EQ(readiness.environment.at("DOCKER_CONFIG"), "/srv/client");
    const auto [waiting, later] = files_with(".docker");
    EXPECT_EQ(waiting.find("/.docker/config.json"), std::string::npos);
    EXPECT_NE(waiting.find(".runner-login/config.json"), std::string::npos);
    EXPECT_TRUE(later.after_sources);
    EXPECT_NE(later.script.find("'/builds/p/.docker/config.json'"), std::string::npos)
        << later.script;
    EXPECT_EQ(later.environment.at("DOCKER_CONFIG"), "/builds/p/.docker");
}

TEST_P(DockerExecutorTest, AKilledPreparationLeavesNothingToTheOneThatBeginsAnew) {
    auto killed = make();
    ASSERT_TRUE(prepare(*killed).has_value());
    const auto made = engine_.inventory().size();
    killed.reset();
    job_.taken_up = true;
    job_.labels["of.the.new.configuration"] = "1";
    auto executor = make();
    ASSERT_TRUE(prepare(*executor).has_value());
    EXPECT_EQ(engine_.inventory().size(), made);
    EXPECT_TRUE(cleanup(*executor).has_value());
    expect_clean("after the job");
}

TEST_P(DockerExecutorTest, AContainerThatFilledTheHelpersVolumeIsRemovedLater) {
    const auto leave_one = [this] {
        engine_.containers["left"] =
            SimulatedEngine::Container{.name = "runner-helper-1-fill-0",
                                       .body = {{"Labels", {{"runner.helper", "1"}}}},
                                       .running = false,
                                       .exit_code = 0,
                                       .log = {},
                                       .written = {}};
    };
    leave_one();
    auto connection = std::make_shared<EngineConnection>(
        context_.get_executor(), simulated_api(engine_), (dir_.path() / "helper").string());
    const auto removed = tests::run_to_end(
        context_, remove_leftovers(connection, {{"com.gitlab.gitlab-runner.job.id", "9"}}, {}));
    ASSERT_TRUE(removed.has_value());
    EXPECT_EQ(*removed, 1) << "at the daemon's start";
    expect_clean("after the daemon's start");
    leave_one();
    auto executor = make();
    EXPECT_TRUE(prepare(*executor).has_value());
    EXPECT_EQ(engine_.find("-fill-"), nullptr) << "at the next filling";
    EXPECT_TRUE(cleanup(*executor).has_value());
}

TEST_P(DockerExecutorTest, AFillerThatBeginsOrRunsIsRemovedAtTheStartOfItsOwnDaemonOnly) {
    const auto leave = [this](const std::string& volume, const std::string& system, bool running) {
        engine_.containers[volume] = SimulatedEngine::Container{
            .name = volume + "-fill-1",
            .body = {{"Labels", fill_container_labels(labels_of_runner("token", system))}},
            .running = running,
            .exit_code = 0,
            .log = {},
            .written = {}};
    };
    leave("mine", "this", true);
    leave("other", "that", true);
    leave("begins", "that", false);
    engine_.young = {"other", "begins"};
    auto connection = std::make_shared<EngineConnection>(
        context_.get_executor(), simulated_api(engine_), (dir_.path() / "helper").string());
    const auto start = [&] {
        return tests::run_to_end(
            context_, remove_leftovers(connection, labels_of_runner("token", "this"), {}));
    };
    // The version, the list, the removal.
    engine_.break_request(3, Fault::kRefused);
    const auto refused = start();
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("container mine-fill-1"), std::string::npos);
    EXPECT_EQ(engine_.requests.back(), "GET /v1.45/volumes") << "the rest is cleaned all the same";
    EXPECT_TRUE(start().has_value());
    EXPECT_EQ(engine_.find("mine-fill-1"), nullptr);
    EXPECT_NE(engine_.find("other-fill-1"), nullptr);
    EXPECT_NE(engine_.find("begins-fill-1"), nullptr);
    engine_.young.clear();
    EXPECT_TRUE(start().has_value());
    EXPECT_EQ(engine_.find("other-fill-1"), nullptr) << "ten minutes later";
    EXPECT_EQ(engine_.find("begins-fill-1"), nullptr);
}

TEST_P(DockerExecutorTest, AFillingIsRepeatedWhenItsContainerDisappears) {
    auto dry = make();
    ASSERT_TRUE(prepare(*dry).has_value());
    const auto& requests = engine_.requests;
    const auto put = std::find_if(requests.begin(), requests.end(), [](const auto& request) {
        return request.starts_with("PUT /") && request.ends_with("/archive");
    });
    const auto number = static_cast<int>(put - requests.begin()) + 1;
    EXPECT_TRUE(cleanup(*dry).has_value());
    start_engine();
    auto executor = make();
    engine_.break_request(number, Fault::kLate,
                          [this] { engine_.containers.erase(engine_.id_of_part("-fill-")); });
    const auto prepared = prepare(*executor);
    EXPECT_TRUE(prepared.has_value()) << prepared.error().message;
    EXPECT_TRUE(cleanup(*executor).has_value());
}

TEST_P(DockerExecutorTest, CleanupRemovesWhatItCanAndIsRepeated) {
    auto executor = make();
    ASSERT_TRUE(prepare(*executor).has_value());
    engine_.break_request(1, Fault::kRefused);
    const auto first = cleanup(*executor);
    ASSERT_FALSE(first.has_value());
    EXPECT_NE(first.error().message.find("the test refuses this request"), std::string::npos);
    EXPECT_TRUE(cleanup(*executor).has_value());
    expect_clean("after the second cleanup");
}

TEST_P(DockerExecutorTest, RestoreFindsWhatAnotherExecutorMade) {
    auto first = make();
    ASSERT_TRUE(prepare(*first).has_value());
    const std::string saved = first->saved_state();
    auto second = make();
    EXPECT_TRUE(tests::run_to_end(context_, second->restore(job_, saved)).has_value());
    EXPECT_EQ(second->saved_state(), saved);
    EXPECT_EQ(second->readiness().has_value(), first->readiness().has_value());
    EXPECT_TRUE(cleanup(*second).has_value());
    expect_clean("after the restored job");
    auto third = make();
    const auto gone = tests::run_to_end(context_, third->restore(job_, saved));
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
    EXPECT_TRUE(cleanup(*third).has_value());
    EXPECT_TRUE(cleanup(*first).has_value());
}

TEST_P(DockerExecutorTest, RestoreHoldsWhatTheJobUses) {
    job_.keep_builds_volume = true;
    auto first = make();
    ASSERT_TRUE(prepare(*first).has_value());
    auto connection =
        std::make_shared<EngineConnection>(context_.get_executor(), simulated_api(engine_), "");
    auto second = make_docker_executor(context_.get_executor(), connection, docker_, dind_, {});
    ASSERT_TRUE(tests::run_to_end(context_, second->restore(job_, first->saved_state())));
    const EngineUsage& usage = connection->usage();
    EXPECT_EQ(usage.engine(), "engine-id") << "nothing is recorded without it";
    EXPECT_TRUE(usage.holds_image("id-of-app"));
    int caches = 0;
    for (const auto& [name, body] : engine_.volumes) {
        if (!name.starts_with("runner-0123")) continue;
        ++caches;
        EXPECT_TRUE(usage.holds_volume(name)) << name;
    }
    EXPECT_GT(caches, 0);
    EXPECT_TRUE(cleanup(*second).has_value());
    EXPECT_FALSE(usage.holds_image("id-of-app"));
    EXPECT_TRUE(cleanup(*first).has_value());
}

TEST_P(DockerExecutorTest, RestoreSaysHowAContainerEnded) {
    auto first = make();
    ASSERT_TRUE(prepare(*first).has_value());
    auto* build = engine_.find("-build");
    build->running = false;
    build->exit_code = 4;
    build->log = exec_frame('2', "killed\n");
    auto second = make();
    const auto ended = tests::run_to_end(context_, second->restore(job_, first->saved_state()));
    ASSERT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(ended.error().message.find("the job's container ended with exit code 4"), 0U);
    EXPECT_NE(ended.error().message.find("Its last words:\nkilled"), std::string::npos);
    EXPECT_TRUE(cleanup(*second).has_value());
    EXPECT_TRUE(cleanup(*first).has_value());
}

}  // namespace
}  // namespace executors::docker
