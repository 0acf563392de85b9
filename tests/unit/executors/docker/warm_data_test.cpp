#include <gtest/gtest.h>

#include "executors/docker/kept_data.hpp"
#include "tests/unit/executors/docker/warm_pool_fixture.hpp"

/// Environments whose engine uses the kept data of a slot.
namespace executors::docker {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

class WarmDataTest : public WarmPoolTest {
  protected:
    void SetUp() override {
        WarmPoolTest::SetUp();
        dind_.persist = PersistData::kProject;
        configure();
    }
    void TearDown() override {
        close_pool();
        WarmPoolTest::TearDown();
    }
    [[nodiscard]] std::string data() const { return data_volume_name(job_); }
    /// The containers that have the data mounted.
    [[nodiscard]] std::ptrdiff_t users() const {
        const std::string bind = data() + ":";
        return std::count_if(engine_.containers.begin(), engine_.containers.end(),
                             [&](const auto& entry) {
                                 return entry.second.body.dump().find(bind) != std::string::npos;
                             });
    }
    /// The containers that give way.
    Words claim() {
        Words leaving;
        auto claiming = claim_into(leaving);
        EXPECT_TRUE(run(std::move(claiming)));
        return leaving;
    }
    base::Task<base::Result<void>> claim_into(Words& leaving) {
        leaving = co_await pool_->claim_data(data());
        co_return base::Result<void>();
    }
    static base::Task<base::Result<void>> describe_into(Executor& job, std::string& line) {
        line = co_await job.describe_engine();
        co_return base::Result<void>();
    }
    /// How often `runner-helper tidy-data` was started with the word.
    [[nodiscard]] std::ptrdiff_t tidied(const std::string& word) const {
        return std::count_if(engine_.exec_commands.begin(), engine_.exec_commands.end(),
                             [&](const Words& words) {
                                 return words.at(1) == "tidy-data" &&
                                        std::find(words.begin(), words.end(), word) != words.end();
                             });
    }
};

INSTANTIATE_TEST_SUITE_P(Images, WarmDataTest, testing::Values(Scenario::kEngineImage),
                         scenario_name);

TEST_P(WarmDataTest, AnEnvironmentHasTheDataOfItsSlot) {
    make_one_ready();
    EXPECT_EQ(users(), 1);
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)));
    EXPECT_EQ(counts().hits, 1U);
    EXPECT_EQ(users(), 1);
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
}

TEST_P(WarmDataTest, WhatAnEnvironmentHasFoundInItsDataIsNotReadAgainForTheJob) {
    engine_.on_start = [](SimulatedEngine::Container& container) {
        leave_outcome(container, R"({"warm":true,"names":[]})");
    };
    make_one_ready();
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)));
    const auto before = engine_.requests.size();
    std::string line;
    ASSERT_TRUE(run(describe_into(*job, line)));
    EXPECT_EQ(line, "Inner engine: warm, with the images and build caches that its slot has kept");
    EXPECT_EQ(engine_.requests.size(), before);
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
}

TEST_P(WarmDataTest, AnEnvironmentRevalidatesAsAColdStartDoes) {
    docker_.pull_policy = {"always"};
    engine_.registry.insert("app");
    configure();
    make_one_ready();
    const Words words = engine_.containers[container()].body["Entrypoint"];
    EXPECT_NE(std::find(words.begin(), words.end(), "--revalidate"), words.end());
}

TEST_P(WarmDataTest, AnEnvironmentGivesWayToAJobThatItDoesNotSuit) {
    make_one_ready();
    const std::string ready = container();
    job_.services = {ServiceSpec{}};
    job_.services[0].image.name = "db";
    auto job = make_job();
    const auto prepared = run(job->prepare(job_, log_));
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message;
    work_until([&] { return !engine_.containers.contains(ready); });
    EXPECT_EQ(users(), 1) << "the job's own container";
    EXPECT_FALSE(log_.has("cold, because"));
    EXPECT_EQ(std::count(engine_.sent_to_execs.begin(), engine_.sent_to_execs.end(), "leave\n"), 1);
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
}

TEST_P(WarmDataTest, AJobNeedNotWaitForTheEndOfAnEnvironmentThatGivesWay) {
    make_one_ready();
    const std::string ready = container();
    EXPECT_EQ(claim(), Words{ready});
    EXPECT_TRUE(engine_.containers.contains(ready)) << "the job is told at once";
    work_until([&] { return !engine_.containers.contains(ready); });
    work_until([&] { return claim().empty(); });
    EXPECT_EQ(users(), 0) << "and none is made in its place";
}

/// One of another daemon.
TEST_P(WarmDataTest, AContainerThatDoesNotGiveWayMakesTheJobCold) {
    make_one_ready();
    const nlohmann::json body = engine_.containers[container()].body;
    SimulatedEngine::Container& other = engine_.containers["other"];
    other.name = "other";
    other.body = body;
    job_.environment.push_back({"DOCKER_TEST", "1"});
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)));
    EXPECT_TRUE(log_.has("Inner engine: cold, because the container other uses the data"));
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
}

TEST_P(WarmDataTest, TheDataOfAnEnvironmentThatNoJobNeedsIsLeftAsAJobLeavesIt) {
    make_one_ready();
    const auto before = tidied("/var/lib/docker");
    close_pool();
    EXPECT_EQ(tidied("/var/lib/docker"), before + 1);
    EXPECT_EQ(tidied("--least"), 0);
}

/// Else two changes of the configuration would make the next job cold.
TEST_P(WarmDataTest, AStartThatIsInterruptedDoesNotCountAsOneThatFailed) {
    start_and_end_a_job();
    const auto programs = engine_.exec_commands.size();
    work_until([&] { return engine_.exec_commands.size() > programs; });
    EXPECT_EQ(tidied("--interrupted"), 0);
    close_pool();
    EXPECT_EQ(tidied("--interrupted"), 1);
}

TEST_P(WarmDataTest, NoneIsMadeWithTheDataOfAJobThatRuns) {
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)));
    const auto before = created();
    context_.restart();
    context_.run_for(50ms);
    EXPECT_EQ(created(), before);
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
    now_ += 1s;
    work_until([this] { return pool_->states().size() == 1; });
    EXPECT_EQ(users(), 1);
}

TEST_P(WarmDataTest, AJobWaitsForTheEngineThatIsBeingStarted) {
    start_and_end_a_job();
    const auto before = created();
    work_until([&] { return created() > before; });
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)));
    EXPECT_EQ(counts().hits, 1U);
    EXPECT_EQ(created(), before + 1);
    ASSERT_TRUE(run(job->halt()));
    ASSERT_TRUE(run(job->cleanup(10s)));
}

}  // namespace
}  // namespace executors::docker
