#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "executors/docker/labels.hpp"
#include "runner/doctor/checks.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"
#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

using executors::docker::DockerSettings;
using executors::docker::EngineConnection;
using executors::docker::SimulatedEngine;
using testing::ElementsAre;
using testing::HasSubstr;

/// The doctor's checks of a simulated engine. What their figures mean is tested with the judges.
class EngineChecks : public testing::Test {
  protected:
    EngineChecks() {
        context_.executor = io_.get_executor();
        context_.state_directory = directory_.path();
        context_.system_id = "s_1";
        context_.connect_engine =
            [this](const boost::asio::any_io_executor& executor,
                   const DockerSettings&) -> base::Result<std::shared_ptr<EngineConnection>> {
            if (!refusal_.empty())
                return base::make_error(base::ErrorKind::kConfiguration, refusal_);
            return std::make_shared<EngineConnection>(
                executor, executors::docker::simulated_api(engine_), "");
        };
    }

    config::RunnerConfig& add_runner(const std::string& name) {
        config::RunnerConfig runner;
        runner.name = name;
        runner.executor = "docker";
        runner.token = base::Secret("glrt-" + name + "123456789");
        config_->runners.push_back(runner);
        return config_->runners.back();
    }
    Checks checks() {
        context_.config = config_;
        context_.runners.clear();
        for (const auto& runner : config_->runners) context_.runners.push_back(&runner);
        Checks all;
        add_engine_checks(context_, all);
        return all;
    }
    Finding run(const std::string& name) {
        for (const Check& check : checks()) {
            if (check.name != name) continue;
            auto finding = tests::run_to_end(io_, check.run());
            return finding ? *finding : problem("failed: " + finding.error().message, "");
        }
        return problem("there is no check " + name, "");
    }
    /// A container of a job that a runner of the configuration has made.
    void add_job_container(const std::string& id, std::int64_t job) {
        const auto labels = executors::docker::labels_of_runner(
            config::short_token(config_->runners.front().token), context_.system_id);
        nlohmann::json body{{"Labels", labels}};
        body["Labels"][executors::docker::label_name("job.id")] = std::to_string(job);
        engine_.containers[id].name = id;
        engine_.containers[id].body = body;
    }

    boost::asio::io_context io_;
    tests::TempDir directory_;
    SimulatedEngine engine_;
    std::string refusal_;
    std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
    Context context_;
};

TEST_F(EngineChecks, AreMadeOnceForEachEngine) {
    add_runner("one");
    add_runner("same");
    add_runner("shell").executor = "shell";
    std::vector<std::string> names;
    for (const Check& check : checks()) names.push_back(check.name);
    EXPECT_THAT(names, ElementsAre("engine", "storage", "cgroups", "clock", "disk", "leftovers"));
    add_runner("tls").docker.tls_verify = true;
    EXPECT_EQ(checks().size(), 12U) << "another way of checking its certificate";
}

TEST_F(EngineChecks, AnAddressThatCannotBeUsedIsTheOnlyLine) {
    add_runner("one");
    refusal_ = "host \"x\" is no address";
    ASSERT_EQ(checks().size(), 1U);
    expect_finding(
        run("engine"),
        problem(refusal_, "correct host in [runners.docker], or DOCKER_HOST of the service"));
}

TEST_F(EngineChecks, AnEngineThatFailsIsAProblemOfOneLine) {
    add_runner("one");
    const std::string healthy = run("engine").seen;
    engine_.break_request(2, SimulatedEngine::Fault::kRefused);  // the first is the ping
    const Finding broken = run("engine");
    EXPECT_EQ(broken.state, State::kProblem);
    EXPECT_NE(broken.seen, healthy);
    engine_.break_request(2, SimulatedEngine::Fault::kRefused);
    expect_finding(run("leftovers"), skipped("the engine does not answer (see engine)"));
}

TEST_F(EngineChecks, ContainersOfDeadJobsAreLeftovers) {
    add_runner("one");
    expect_finding(run("leftovers"), ok("no containers of dead jobs"));
    add_job_container("dead", 7);
    expect_finding(run("leftovers"),
                   warning("1 containers of jobs that nobody carries on",
                           "runner doctor --fix, or start the daemon, which removes them"));
    context_.options.fix = true;
    EXPECT_THAT(run("leftovers").seen, HasSubstr("removed 1 "));
    EXPECT_TRUE(engine_.containers.empty());
}

}  // namespace
}  // namespace runner::doctor
