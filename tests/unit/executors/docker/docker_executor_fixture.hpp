#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/stop_source.hpp"
#include "executors/docker/docker_executor.hpp"
#include "executors/docker/tar_archive.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {

enum class Scenario { kPlainImage, kEngineImage, kSidecar };

/// What runner-helper in the container has found in the kept data.
inline void leave_outcome(SimulatedEngine::Container& container, const std::string& outcome) {
    TarBuilder tar;
    tar.add_file(".runner-data.json", outcome, 0644);
    container.written["/.runner-data.json"] = tar.finish();
}

/// The docker executor against a simulated engine: whatever goes wrong during prepare(), cleanup()
/// removes what was made and nothing else.
class DockerExecutorTest : public testing::TestWithParam<Scenario> {
  protected:
    using Fault = SimulatedEngine::Fault;

    void SetUp() override {
        std::ofstream(dir_.path() / "helper") << "a program";
        docker_.wait_for_services_timeout_seconds = -1;
        docker_.pull_policy = {"if-not-present"};
        docker_.privileged = GetParam() != Scenario::kPlainImage;
        dind_.mode = GetParam() == Scenario::kSidecar ? DindMode::kOn : DindMode::kAuto;
        dind_.image = "dind";
        dind_.builder_image = "buildkit";
        dind_.persist = PersistData::kNone;
        job_.job_id = 7;
        job_.base_name = "runner-x";
        job_.labels = {{"com.gitlab.gitlab-runner.job.id", "7"}};
        job_.image = ImageSpec{};
        job_.image->name = "app";
        ServiceSpec database;
        database.image.name = "db";
        job_.services = {database};
        job_.builds_dir = "/builds";
        job_.project_dir = "/builds/p";
        job_.volume_prefix = "runner-0123";
        job_.keep_builds_volume = false;
        job_.network_per_build = true;
        start_engine();
    }
    /// A new engine, with what other jobs have on it.
    void start_engine() {
        engine_ = SimulatedEngine{};
        engine_.add_image("app", GetParam() == Scenario::kEngineImage
                                     ? nlohmann::json{{"Entrypoint", {"dockerd-entrypoint.sh"}}}
                                     : nlohmann::json{{"User", "app"}});
        engine_.add_image("dind");
        engine_.add_image("buildkit");
        engine_.registry = {"db"};
        engine_.exec_output = exec_frame('1', "linux/amd64\nlinux/arm64\n");
        engine_.volumes["of-another-job"] = {};
        engine_.networks["of-another-job"] = {};
        engine_.containers["other"] = SimulatedEngine::Container{
            .name = "of-another-job",
            .body = {{"Labels", {{"com.gitlab.gitlab-runner.job.id", "8"}}}},
            .running = true,
            .exit_code = 0,
            .log = {},
            .written = {}};
        before_ = engine_.inventory();
    }
    std::unique_ptr<Executor> make() {
        auto connection = std::make_shared<EngineConnection>(
            context_.get_executor(), simulated_api(engine_), (dir_.path() / "helper").string(),
            PullRetries{.tries = 1});
        return make_docker_executor(context_.get_executor(), connection, docker_, dind_, {});
    }
    base::Result<void> prepare(Executor& executor) {
        auto task = executor.prepare(job_, log_);
        return tests::run_to_end(context_,
                                 base::run_stoppable(&stop_, std::move(task), std::nullopt));
    }
    base::Result<void> cleanup(Executor& executor) {
        return tests::run_to_end(context_, executor.cleanup(std::chrono::seconds(10)));
    }
    /// The volumes of helper and builder's image stay for later jobs; the container that filled it
    /// stays only when the engine refused to remove it.
    void expect_clean(const std::string& when) {
        std::set<std::string> left = engine_.inventory();
        if (when.find("DELETE") != std::string::npos) {
            std::erase_if(left, [](const auto& name) {
                return name.find("container runner-helper") == 0 &&
                       name.find("-fill-") != std::string::npos;
            });
        }
        std::erase_if(left, [](const auto& name) {
            return name.starts_with("volume runner-helper") ||
                   name.starts_with("volume runner-builder");
        });
        EXPECT_EQ(left, before_) << when;
    }
    /// How many requests a preparation makes.
    int count_requests() {
        auto executor = make();
        EXPECT_TRUE(prepare(*executor).has_value());
        const auto count = static_cast<int>(engine_.requests.size());
        EXPECT_TRUE(cleanup(*executor).has_value());
        expect_clean("after a whole preparation");
        return count;
    }
    /// Prepares with a fault at the n-th request, then cleans up twice.
    base::Result<void> prepare_with_fault(int number, Fault fault) {
        start_engine();
        stop_.reset();
        auto executor = make();
        std::function<void()> on_fault;
        if (fault == Fault::kLate) {
            on_fault = [this] {
                boost::asio::post(context_,
                                  [this] { stop_.request(base::StopReason::kUserCancel); });
            };
        }
        engine_.break_request(number, fault, on_fault);
        auto prepared = prepare(*executor);
        const std::string when = "request " + std::to_string(number) + ": " +
                                 engine_.requests[static_cast<std::size_t>(number) - 1];
        EXPECT_TRUE(cleanup(*executor).has_value()) << when;
        expect_clean(when);
        const auto asked = engine_.requests.size();
        EXPECT_TRUE(cleanup(*executor).has_value()) << when;
        EXPECT_EQ(engine_.requests.size(), asked) << when << ": the second cleanup asks nothing";
        return prepared;
    }

    base::StopSource stop_;
    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    tests::EnvironmentVariable home_{"HOME", dir_.path().string()};
    SimulatedEngine engine_;
    DockerSettings docker_;
    DindSettings dind_;
    JobEnvironment job_;
    tests::JobLogLines log_;
    std::set<std::string> before_;
};

/// The name of a scenario in the names of tests.
inline std::string scenario_name(const testing::TestParamInfo<Scenario>& scenario) {
    switch (scenario.param) {
        case Scenario::kPlainImage: return "Plain";
        case Scenario::kEngineImage: return "WithEngine";
        case Scenario::kSidecar: break;
    }
    return "WithSidecar";
}

inline auto all_scenarios() {
    return testing::Values(Scenario::kPlainImage, Scenario::kEngineImage, Scenario::kSidecar);
}

}  // namespace executors::docker
