#include "executors/docker/warm_pool.hpp"
#include "tests/unit/executors/docker/warm_pool_fixture.hpp"

/// What becomes of environments while no job comes: pressure, memory that grows, engines that do
/// not answer.
namespace executors::docker {
namespace {

using namespace std::chrono_literals;

class WarmWatchTest : public WarmPoolTest {
  protected:
    void TearDown() override {
        connection_.reset();
        WarmPoolTest::TearDown();
    }
    /// The time of the next look has come.
    void let_it_look() {
        now_ += 61s;
        configure();
    }
    void poll() {
        context_.restart();
        context_.poll();
    }
};

INSTANTIATE_TEST_SUITE_P(Images, WarmWatchTest, testing::Values(Scenario::kPlainImage),
                         scenario_name);

TEST_P(WarmWatchTest, WhatIsReadyGoesUnderPressure) {
    make_one_ready();
    pressure_ = "the disk is full";
    poll();
    EXPECT_EQ(pool_->states().size(), 1U) << "nobody has looked yet";
    let_it_look();
    work_until([this] { return container().empty(); });
    EXPECT_TRUE(pool_->states().empty());
    EXPECT_EQ(counts().removed, 1U);
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmWatchTest, TheEndOfPressureWakesThePool) {
    pressure_ = "the disk is full";
    start_and_end_a_job();
    poll();
    // 50 ms before the next look, when the second job has taken its second.
    now_ += 57950ms;
    start_and_end_a_job();
    poll();
    EXPECT_TRUE(pool_->states().empty());
    pressure_.clear();
    now_ += 1s;
    work_until([this] { return pool_->states().size() == 1; });
    close_pool();
}

TEST_P(WarmWatchTest, WhatHasGrownBeyondItsMemoryGoes) {
    docker_.warm_memory_bytes = 100 << 20;
    configure();
    make_one_ready();
    engine_.memory = 90 << 20;
    let_it_look();
    work_until([this] { return pool_->states().at(0).memory_bytes == 90 << 20; });
    engine_.memory = 101 << 20;
    let_it_look();
    work_until([this] { return container().empty(); });
    EXPECT_TRUE(pool_->states().empty());
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmWatchTest, AnEngineThatDoesNotTellTheMemoryIsNotWaitedFor) {
    engine_.silent = "/stats";
    make_one_ready();
    EXPECT_EQ(pool_->states()[0].memory_bytes, 0);
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmWatchTest, AnEngineThatDoesNotAnswerDoesNotKeepThePoolOpen) {
    make_one_ready();
    engine_.silent = "/" + container() + "/json";
    const auto asked = engine_.requests.size();
    let_it_look();
    work_until([&] { return engine_.requests.size() > asked; });
    const auto before = std::chrono::steady_clock::now();
    close_pool();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
    expect_clean("at the end");
}

TEST_P(WarmWatchTest, AnEngineThatDoesNotAnswerHoldsUpNoOther) {
    start_and_end_a_job();
    engine_.silent = "/images/app/json";
    const auto asked = engine_.requests.size();
    work_until([&] {
        return engine_.requests.size() > asked &&
               engine_.requests.back().ends_with("/images/app/json");
    });
    SimulatedEngine other;
    other.add_image("app", {{"User", "app"}});
    other.exec_output = engine_.exec_output;
    const auto first = connection_;
    connection_ = std::make_shared<EngineConnection>(context_.get_executor(), simulated_api(other),
                                                     (dir_.path() / "helper").string());
    job_.base_name = "runner-y";
    start_and_end_a_job();
    work_until([this] { return pool_->states().size() == 1; });
    EXPECT_TRUE(pool_->states()[0].name.starts_with("runner-y"));
    close_pool();
}

TEST_P(WarmWatchTest, ARecipeHasNoSecretsOfItsJob) {
    job_.git_mirror.emplace();
    job_.git_mirror->password = base::Secret("job-token");
    job_.credentials.resize(1);
    const auto recipe = make_recipe(connection_, docker_, dind_, registries_, job_, {});
    EXPECT_FALSE(recipe.job.git_mirror.has_value());
    EXPECT_TRUE(recipe.job.credentials.empty());
}

}  // namespace
}  // namespace executors::docker
