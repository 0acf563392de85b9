#include "executors/docker/warm_pool.hpp"

#include "tests/unit/executors/docker/warm_pool_fixture.hpp"

namespace executors::docker {
namespace {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(Images, WarmPoolTest,
                         testing::Values(Scenario::kPlainImage, Scenario::kEngineImage),
                         scenario_name);

TEST_P(WarmPoolTest, TheSecondJobTakesTheEnvironmentOfTheFirst) {
    make_one_ready();
    const std::string ready = container();
    const auto* made = engine_.find("-build");
    EXPECT_EQ(made->body["Labels"][label_name("type")], "pool");
    EXPECT_FALSE(made->body["Labels"].contains(label_name("job.id")));
    const auto before = created();
    job_.environment = {{"CI_JOB_ID", "8"}, {"GREETING", "hello"}};
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(created(), before) << "nothing is made for the job";
    EXPECT_EQ(counts().hits, 1U);
    EXPECT_NE(job->saved_state().find(ready), std::string::npos);
    EXPECT_EQ(job->info().description, "runner-x");
    const auto released = engine_.sent_to_execs.back();
    EXPECT_NE(released.find("CI_JOB_ID=8"), std::string::npos) << released;
    auto connecting = job->connect();
    const auto asked = engine_.requests.size();
    auto stream = tests::run_until_done(context_, std::move(connecting));
    EXPECT_TRUE(stream.has_value());
    EXPECT_EQ(engine_.requests.size(), asked) << "the connection was there";
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    EXPECT_FALSE(engine_.containers.contains(ready)) << "an environment serves one job";
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, TheJobsVariablesAreNotInTheContainer) {
    job_.environment.push_back({"HTTP_PROXY", "http://proxy:3128"});
    make_one_ready();
    const std::string body = engine_.find("-build")->body.dump();
    EXPECT_EQ(body.find("CI_JOB_ID"), std::string::npos);
    EXPECT_EQ(body.find("GREETING"), std::string::npos);
    // An engine reads this when it starts.
    EXPECT_EQ(body.find("HTTP_PROXY") != std::string::npos, GetParam() == Scenario::kEngineImage);
    close_pool();
}

TEST_P(WarmPoolTest, AJobThatNeedsSomethingElseStartsCold) {
    make_one_ready();
    job_.base_name = "runner-y";  // another slot
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(missed(WarmMiss::kDifferent), 1U);
    EXPECT_EQ(counts().hits, 0U);
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, AnEngineStartsAgainForAVariableThatItMayRead) {
    make_one_ready();
    job_.environment = {{"HTTP_PROXY", "http://proxy"}};
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(counts().hits, GetParam() == Scenario::kPlainImage ? 1U : 0U);
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    close_pool();
}

TEST_P(WarmPoolTest, AnotherImageOfTheNameIsNotMissed) {
    make_one_ready();
    engine_.images["app"]["Id"] = "another-id";
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(missed(WarmMiss::kImage), 1U);
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    work_until([this] { return counts().removed == 1; });
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, AnotherImageOfTheNameReplacesThoseThatWait) {
    make_one_ready();
    const std::string former = container();
    engine_.images["app"]["Id"] = "another-id";
    pool_->image_replaced(*connection_, "docker.io/library/app:latest", "another-id");
    EXPECT_TRUE(pool_->states().empty()) << "no job gets it any more";
    work_until([this] { return pool_->states().size() == 1; });
    EXPECT_FALSE(engine_.containers.contains(former));
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(counts().hits, 1U);
    EXPECT_EQ(missed(WarmMiss::kImage), 0U);
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, AnImageThatOthersUseReplacesNothing) {
    make_one_ready();
    const std::string former = container();
    pool_->image_replaced(*connection_, "other", "another-id");
    pool_->image_replaced(*connection_, "app", "id-of-app");
    EngineConnection elsewhere(context_.get_executor(), simulated_api(engine_), "");
    pool_->image_replaced(elsewhere, "app", "another-id");
    EXPECT_EQ(pool_->states().size(), 1U);
    EXPECT_TRUE(engine_.containers.contains(former));
    close_pool();
}

TEST_P(WarmPoolTest, AnImageThatIsGoneAfterItWasReplacedIsForgotten) {
    make_one_ready();
    engine_.images.erase("app");
    pool_->image_replaced(*connection_, "app", "another-id");
    work_until([this] { return container().empty(); });
    EXPECT_TRUE(pool_->states().empty());
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, AContainerThatHasEndedIsNotUsed) {
    make_one_ready();
    engine_.find("-build")->running = false;
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    EXPECT_EQ(missed(WarmMiss::kDead), 1U);
    EXPECT_TRUE(engine_.find("-build")->running);
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, NoneIsLeftAfterAChangeOfTheConfigurationOrAPause) {
    for (const std::string change : {"docker", "others", "pause"}) {
        make_one_ready();
        if (change == "docker") docker_.cap_add.emplace_back("SYS_PTRACE");
        if (change == "others") others_.emplace_back("HTTP_PROXY=http://proxy:3128");
        configure(change == "pause");
        EXPECT_TRUE(pool_->states().empty());
        work_until([this] { return container().empty(); });
        configure(false);
    }
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, NoneIsMadeUnderPressure) {
    pressure_ = "the disk is full";
    start_and_end_a_job();
    context_.restart();
    context_.poll();
    EXPECT_TRUE(pool_->states().empty());
    pressure_.clear();
    start_and_end_a_job();
    work_until([this] { return pool_->states().size() == 1; });
    close_pool();
    expect_clean("at the end");
}

TEST_P(WarmPoolTest, NoneWaitsForAJobThatDoesNotCome) {
    make_one_ready();
    now_ += 1h;
    configure();
    work_until([this] { return container().empty(); });
    EXPECT_EQ(counts().removed, 1U);
    close_pool();
}

TEST_P(WarmPoolTest, AJobWithServicesIsNotSuited) {
    ServiceSpec database;
    database.image.name = "db";
    job_.services = {database};
    start_and_end_a_job();
    EXPECT_EQ(missed(WarmMiss::kUnsuitable), 1U);
    close_pool();
}

TEST_P(WarmPoolTest, WithoutTheKeyNothingIsMade) {
    docker_.warm = 0;
    configure();
    start_and_end_a_job();
    context_.restart();
    context_.poll();
    EXPECT_TRUE(pool_->states().empty());
    EXPECT_TRUE(container().empty());
    close_pool();
}

TEST_P(WarmPoolTest, LearnsOfJobsBeforeItMayMakeEnvironments) {
    close_pool();
    starts_ = false;
    open_pool();
    start_and_end_a_job();
    EXPECT_EQ(missed(WarmMiss::kEmpty), 1U);
    const auto before = created();
    context_.restart();
    context_.poll();
    EXPECT_EQ(created(), before);
    pool_->start();
    work_until([this] { return pool_->states().size() == 1; });
    close_pool();
}

TEST_P(WarmPoolTest, AFailureOfAnyRequestLeavesNothing) {
    start_and_end_a_job();
    const auto first = engine_.requests.size();
    work_until([this] { return pool_->states().size() == 1; });
    const auto count = static_cast<int>(engine_.requests.size() - first);
    close_pool();
    for (int number = 1; number <= count; ++number) {
        start_engine();
        engine_.exec_output = exec_frame('1', "held\n");
        open_pool();
        start_and_end_a_job();
        engine_.break_request(number, Fault::kRefused);
        const auto asked = engine_.requests.size();
        work_until(
            [&] { return engine_.requests.size() >= asked + static_cast<std::size_t>(number); });
        close_pool();
        expect_clean("request " + std::to_string(number) + ": " +
                     engine_.requests[asked + static_cast<std::size_t>(number) - 1]);
    }
}

TEST_P(WarmPoolTest, TheNextDaemonRemovesWhatNoJobHas) {
    make_one_ready();
    auto job = make_job();
    ASSERT_TRUE(run(job->prepare(job_, log_)).has_value());
    const std::string taken = container();
    work_until([this] { return pool_->states().empty(); });
    now_ += 1s;
    const std::set<std::string> live = things_of(job->saved_state());
    EXPECT_TRUE(live.contains(taken));
    auto removing = remove_leftovers(connection_, labels_of_runner("abc", "system"), {}, live);
    ASSERT_TRUE(tests::run_until_done(context_, std::move(removing)).has_value());
    EXPECT_TRUE(engine_.containers.contains(taken));
    auto again = remove_leftovers(connection_, labels_of_runner("abc", "system"), {}, {});
    ASSERT_TRUE(tests::run_until_done(context_, std::move(again)).has_value());
    EXPECT_FALSE(engine_.containers.contains(taken));
    ASSERT_TRUE(run(job->cleanup(10s)).has_value());
    close_pool();
}

}  // namespace
}  // namespace executors::docker
