#include "executors/docker/pull_queue.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/stop_source.hpp"
#include "tests/support/job_log_lines.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using base::ErrorKind;
using base::Result;

class Pulls final : public ExecutorObserver {
  public:
    void on_step(std::string_view step) override { static_cast<void>(step); }
    void on_pull(const ImagePull& pull) override { all.push_back(pull); }
    std::vector<ImagePull> all;
};

/// A job that wants one image.
struct Job {
    tests::JobLogLines log;
    Pulls pulls;
    PreparationSteps steps{&pulls};
    base::StopSource stop;
    std::optional<Result<ImageInfo>> result;

    [[nodiscard]] bool done() const { return result && result->has_value(); }
    [[nodiscard]] bool failed(ErrorKind kind) const {
        return result && !result->has_value() && result->error().is(kind);
    }
};

/// Jobs at one engine whose pulls go on when the test says so.
class PullQueueTest : public testing::Test {
  protected:
    PullQueueTest() {
        engine_.registry = {"app"};
        engine_.hold_pulls = true;
    }
    static PullRequest request(std::int64_t job, bool fresh = false,
                               const std::string& login = "") {
        PullRequest request;
        request.image = "app";
        request.registry = "docker.io";
        request.tag = "latest";
        request.sources = {{"app", base::Secret(login), "", ""}};
        request.fresh = fresh;
        request.job = job;
        return request;
    }
    void start(Job& job, PullRequest request) {
        auto on_end = [&job](const std::exception_ptr& failure, Result<ImageInfo> result) {
            EXPECT_FALSE(failure);
            job.result = std::move(result);
        };
        auto task = queue_.pull(std::move(request), job.log, job.steps);
        boost::asio::co_spawn(context_, base::run_stoppable(&job.stop, std::move(task), {}),
                              on_end);
        go_on();
    }
    /// Until nothing is left to do but to wait.
    void go_on() {
        context_.restart();
        context_.poll();
    }
    void release() {
        engine_.release_pulls();
        context_.restart();
        context_.run();
    }
    void stop(Job& job) {
        job.stop.request(base::StopReason::kUserCancel);
        go_on();
    }
    /// How many pulls have begun at the engine, those that wait included.
    [[nodiscard]] std::ptrdiff_t begun() const {
        return std::count(engine_.requests.begin(), engine_.requests.end(),
                          "POST /v1.45/images/create");
    }

    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    tests::ManualClock clock_;
    std::unique_ptr<EngineApi> api_ = simulated_api(engine_);
    EngineUsage usage_;
    PullQueue queue_{context_.get_executor(), *api_, usage_,
                     PullRetries{.tries = 2,
                                 .first_pause = std::chrono::milliseconds(1),
                                 .longest_wait = std::chrono::milliseconds(50)},
                     clock_};
    Job one_;
    Job two_;
    Job three_;
};

TEST_F(PullQueueTest, OneJobPullsAndTheOthersWait) {
    start(one_, request(1));
    start(two_, request(2));
    start(three_, request(3));
    EXPECT_EQ(begun(), 1);
    release();
    EXPECT_EQ(begun(), 1);
    for (const Job* job : {&one_, &two_, &three_}) EXPECT_TRUE(job->done());
    EXPECT_TRUE(one_.log.has("Pulling docker image app ..."));
    EXPECT_EQ(two_.log.lines, std::vector<std::string>{"Waiting for the pull of app by job 1 ..."});
    EXPECT_EQ(one_.pulls.all.size(), 1U);
    EXPECT_TRUE(two_.pulls.all.empty());
}

/// What was pushed after the first pull began must not be missed.
TEST_F(PullQueueTest, JobsThatAskTheRegistryShareAPullThatBeganAfterThem) {
    start(one_, request(1, true));
    start(two_, request(2, true));
    start(three_, request(3, true));
    EXPECT_EQ(begun(), 1);
    release();
    EXPECT_EQ(begun(), 2);
    for (const Job* job : {&one_, &two_, &three_}) EXPECT_TRUE(job->done());
    EXPECT_EQ(two_.pulls.all.size() + three_.pulls.all.size(), 1U);
}

TEST_F(PullQueueTest, OneJobThatAsksTwiceAtOncePullsOnce) {
    start(one_, request(1, true));
    start(two_, request(1, true));
    release();
    EXPECT_EQ(begun(), 1);
    EXPECT_TRUE(two_.done());
}

TEST_F(PullQueueTest, OneJobThatAsksTwiceAtOnceReadsEachLineOnce) {
    engine_.set_pull_answers({"connection refused", ""});
    start(one_, request(1));
    start(one_, request(1));
    release();
    const auto& lines = one_.log.lines;
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [](const std::string& line) {
                                return line.find("retrying in") != std::string::npos;
                            }),
              1);
}

TEST_F(PullQueueTest, EachLoginPullsForItselfOneAfterAnother) {
    start(one_, request(1));
    start(two_, request(2, false, "another login"));
    start(three_, request(3, false, "a third login"));
    EXPECT_EQ(begun(), 1);
    const std::vector<std::string> waits{
        "Waiting for the end of the pull of app by job 1, which has another login ..."};
    EXPECT_EQ(two_.log.lines, waits);
    EXPECT_EQ(three_.log.lines, waits);
    release();
    EXPECT_EQ(begun(), 3);
    for (const Job* job : {&one_, &two_, &three_}) EXPECT_TRUE(job->done());
    EXPECT_TRUE(three_.log.has("Pulling docker image app ..."));
}

/// One spelling of its name is as good as another.
TEST_F(PullQueueTest, AnImageIsPulledOnceAtATimeByAllItsNames) {
    engine_.add_image("docker.io/library/app");  // an engine knows it by all its names
    start(one_, request(1));
    PullRequest same = request(2, false, "another login");
    same.image = "docker.io/library/app:latest";
    start(two_, same);
    EXPECT_EQ(begun(), 1);
    release();
    EXPECT_TRUE(two_.done());
}

TEST_F(PullQueueTest, EachPlatformIsPulledForItself) {
    start(one_, request(1));
    PullRequest foreign = request(2);
    foreign.platform = "linux/arm64";
    start(two_, foreign);
    EXPECT_EQ(begun(), 2);
    release();
    EXPECT_TRUE(two_.log.has("Pulling docker image app for platform linux/arm64 ..."));
}

TEST_F(PullQueueTest, AnotherLoginPullsWhenAllOfTheFirstOneAreStopped) {
    start(one_, request(1));
    start(two_, request(2, false, "another login"));
    stop(one_);
    EXPECT_EQ(begun(), 2);
    start(three_, request(3));
    stop(three_);
    EXPECT_TRUE(three_.failed(ErrorKind::kCancelled));
    release();
    EXPECT_TRUE(two_.done());
}

/// Such a limit is that of a login. The others need not wait for the end of its pause.
TEST_F(PullQueueTest, OtherLoginsPullWhileOneIsLimited) {
    engine_.hold_pulls = false;
    engine_.set_pull_answers({"toomanyrequests: retry-after: 45ms", "", ""});
    start(one_, request(1));
    EXPECT_FALSE(one_.result);
    start(two_, request(2, false, "another login"));
    EXPECT_TRUE(two_.done());
    release();
    EXPECT_TRUE(one_.done());
}

TEST_F(PullQueueTest, OneLoginTriesForAllWhatFailsForEveryLogin) {
    const std::string failure = "Get \"https://x/blob?signature=s\": dial tcp: no such host";
    engine_.set_pull_answers({failure, failure});
    start(one_, request(1));
    start(two_, request(2, false, "another login"));
    start(three_, request(3, true, "another login"));
    release();
    EXPECT_EQ(begun(), 2) << "two tries of one login";
    ASSERT_TRUE(one_.failed(ErrorKind::kInternal));
    EXPECT_NE(one_.result->error().message.find("signature"), std::string::npos);
    for (const Job* job : {&two_, &three_}) {
        ASSERT_TRUE(job->failed(ErrorKind::kInternal));
        EXPECT_EQ(job->result->error().message,
                  "the engine cannot connect to the registry docker.io");
        EXPECT_EQ(job->result->error().pull_failure, base::PullFailure::kExternal);
        EXPECT_EQ(job->log.lines.back(),
                  "Not pulling app: the engine could not connect to its registry 0 s ago, for "
                  "job 1");
    }
}

TEST_F(PullQueueTest, AJobThatWaitsAndIsStoppedStopsNobodyElse) {
    start(one_, request(1));
    start(two_, request(2));
    start(three_, request(3));
    stop(two_);
    EXPECT_TRUE(two_.failed(ErrorKind::kCancelled));
    EXPECT_FALSE(one_.result);
    release();
    EXPECT_TRUE(one_.done());
    EXPECT_TRUE(three_.done());
    EXPECT_EQ(begun(), 1);
}

TEST_F(PullQueueTest, AnotherJobPullsWhenTheOneThatPullsIsStopped) {
    start(one_, request(1));
    start(two_, request(2));
    start(three_, request(3));
    stop(one_);
    EXPECT_TRUE(one_.failed(ErrorKind::kCancelled));
    EXPECT_TRUE(one_.pulls.all.empty());
    EXPECT_EQ(begun(), 2);
    release();
    EXPECT_EQ(begun(), 2);
    EXPECT_TRUE(two_.done());
    EXPECT_TRUE(three_.done());
}

TEST_F(PullQueueTest, AFailureIsThatOfAllWhoWait) {
    engine_.set_pull_answers({"no space left on device"});
    start(one_, request(1, true));
    start(two_, request(2, true));
    start(three_, request(3));
    release();
    EXPECT_EQ(begun(), 1);
    for (const Job* job : {&one_, &two_, &three_}) {
        ASSERT_TRUE(job->result && !job->result->has_value());
        EXPECT_EQ(job->result->error().pull_failure, base::PullFailure::kOther);
    }
}

TEST_F(PullQueueTest, EachLogHearsOfTheRetries) {
    engine_.set_pull_answers({"connection refused", ""});
    start(one_, request(1));
    start(two_, request(2));
    release();
    for (Job* job : {&one_, &two_}) {
        EXPECT_TRUE(job->done());
        EXPECT_TRUE(job->log.has("retrying in 1s"));
    }
}

TEST_F(PullQueueTest, ARefusalIsRememberedForAMoment) {
    engine_.hold_pulls = false;
    engine_.registry.clear();
    start(one_, request(1, true));
    ASSERT_FALSE(one_.done());
    clock_.advance(std::chrono::seconds(4));
    start(two_, request(2, true));
    EXPECT_EQ(begun(), 1);
    ASSERT_TRUE(two_.result && !two_.result->has_value());
    EXPECT_EQ(two_.result->error().message, one_.result->error().message);
    EXPECT_EQ(two_.log.lines,
              std::vector<std::string>{"Not pulling app: the registry refused it 4 s ago, with the "
                                       "same login, for job 1"});
    clock_.advance(std::chrono::seconds(6));
    engine_.registry = {"app"};
    start(three_, request(3, true));
    EXPECT_TRUE(three_.done());
}

TEST_F(PullQueueTest, ARefusalIsNoAnswerForAnotherLoginOrPolicy) {
    engine_.hold_pulls = false;
    engine_.set_pull_answers({"unauthorized"});
    start(one_, request(1));
    ASSERT_FALSE(one_.done());
    start(two_, request(2, false, "another login"));
    EXPECT_TRUE(two_.done());
    PullRequest again = request(3);
    again.again = true;
    start(three_, again);
    EXPECT_TRUE(three_.done());
}

TEST_F(PullQueueTest, AnyFailureIsRememberedForItsLogin) {
    engine_.hold_pulls = false;
    for (const char* text : {"toomanyrequests: unauthorized, retry-after: 6h", "no space left",
                             "manifest unknown: 503 Service Unavailable, retry-after: 6h"}) {
        Job first;
        Job second;
        Job other;
        clock_.advance(std::chrono::seconds(10));
        engine_.set_pull_answers({text});
        start(first, request(1));
        start(second, request(2));
        start(other, request(3, false, "another login"));
        ASSERT_TRUE(second.result && !second.result->has_value()) << text;
        EXPECT_EQ(second.log.lines,
                  std::vector<std::string>{
                      "Not pulling app: its pull failed 0 s ago, with the same login, for job 1"});
        EXPECT_TRUE(other.done()) << text;
    }
}

TEST_F(PullQueueTest, ASuccessEndsTheMemoryOfAFailure) {
    engine_.hold_pulls = false;
    engine_.set_pull_answers({"no space left on device"});
    start(one_, request(1));
    PullRequest again = request(2);
    again.again = true;
    start(two_, again);
    start(three_, request(3));
    EXPECT_FALSE(one_.done());
    EXPECT_TRUE(two_.done());
    EXPECT_TRUE(three_.done());
}

}  // namespace
}  // namespace executors::docker
