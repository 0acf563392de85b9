#include "runner/daemon/job_poller.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <set>

#include "tests/support/fake_jobs_api.hpp"
#include "tests/support/run_to_end.hpp"

namespace runner::daemon {
namespace {

using protocol::gitlab::JobRequestAnswer;
using protocol::gitlab::JobRequestOutcome;
using testing::ElementsAre;

JobRequestAnswer answer(JobRequestOutcome outcome) {
    JobRequestAnswer made;
    made.outcome = outcome;
    return made;
}

/// The answer to a request that the server has held.
JobRequestAnswer held_answer() {
    JobRequestAnswer made = answer(JobRequestOutcome::kNone);
    made.held = true;
    return made;
}

class JobPollerTest : public testing::Test {
  protected:
    struct Runner {
        config::RunnerConfig config;
        std::shared_ptr<tests::FakeJobsApi> api;
        std::shared_ptr<RunnerEntry> entry;
    };

    Runner& add_runner(const std::string& name) {
        Runner& runner = *runners_.emplace_back(std::make_unique<Runner>());
        runner.config.name = name;
        runner.config.url = "https://gitlab.example.com";
        runner.config.token = base::Secret("glrt-" + name);
        runner.config.executor = "shell";
        runner.api = std::make_shared<tests::FakeJobsApi>(context_.get_executor());
        runner.api->on_request = [this, name] { on_request(name); };
        runner.entry = std::make_shared<RunnerEntry>();
        runner.entry->config = std::make_shared<const config::Config>();
        runner.entry->runner = &runner.config;
        runner.entry->short_token = name;
        runner.entry->key = name;
        runner.entry->jobs = runner.api;
        runner.entry->token_state = std::make_shared<TokenState>();
        return runner;
    }
    /// Polls until so many requests were made, or `stop_when` says so.
    void poll(std::size_t requests, int concurrent = 10,
              std::chrono::nanoseconds interval = std::chrono::milliseconds(1)) {
        most_requests_ = requests;
        JobPoller::Host host;
        host.running_jobs = [this] { return running_; };
        host.running_jobs_of = [this](const std::string&) { return running_; };
        host.paused = [this](const RunnerEntry& entry) {
            return paused_.contains(entry.runner->name);
        };
        host.accept = [this](const std::shared_ptr<RunnerEntry>& entry, const JobRequests::Reply&) {
            accepted_.push_back(entry->short_token);
            ++running_;
            if (jobs_end_at_once_) end_job();
        };
        host.observe = [](const RunnerEntry&, const JobRequestAnswer&) {};
        host.fed = [this](const RunnerEntry& entry, status::Feed feed) {
            if (feed == status::Feed::kUnhealthy) on_unhealthy(entry);
        };
        poller_.emplace(context_.get_executor(), "s_1", std::move(host));
        std::vector<std::shared_ptr<RunnerEntry>> entries;
        for (const auto& runner : runners_) entries.push_back(runner->entry);
        poller_->configure(entries, concurrent, interval);
        tests::run_to_end(context_, run_poller());
        poller_.reset();
    }

    std::vector<std::unique_ptr<Runner>> runners_;
    boost::asio::io_context context_{1};
    std::optional<JobPoller> poller_;
    std::vector<std::string> asked_;
    std::set<std::string> paused_;
    /// Is called after the first request has begun.
    std::function<void()> after_first_request_;
    std::vector<std::string> accepted_;
    std::size_t unhealthy_ = 0;
    int running_ = 0;
    bool jobs_end_at_once_ = false;

  private:
    void end_job() {
        boost::asio::post(context_, [this] {
            poller_->notify();
            --running_;  // after the notification, as JobHost does it
        });
    }
    base::Task<bool> run_poller() {
        co_await poller_->run();
        co_await poller_->drain();
        co_return true;
    }
    void on_request(const std::string& name) {
        asked_.push_back(name);
        if (asked_.size() == 1 && after_first_request_)
            boost::asio::post(context_, after_first_request_);
        if (asked_.size() >= most_requests_) stop();
    }
    void on_unhealthy(const RunnerEntry&) {
        if (++unhealthy_ >= 3) stop();
    }
    void stop() {
        boost::asio::post(context_, [this] {
            poller_->stop();
            for (const auto& runner : runners_) runner->api->release();
        });
    }

    std::size_t most_requests_ = 0;
};

/// No test waits for it: what is asked before it ends is asked for another reason.
constexpr std::chrono::hours kEndless{24};

TEST_F(JobPollerTest, AsksTheRunnersInTurn) {
    add_runner("a");
    add_runner("b");
    add_runner("c");
    poll(6);
    EXPECT_THAT(asked_, ElementsAre("a", "b", "c", "a", "b", "c"));
}

TEST_F(JobPollerTest, HandsOverAJobAndAsksTheSameRunnerAgainAtOnce) {
    auto& first = add_runner("a");
    add_runner("b");
    first.api->answers = {answer(JobRequestOutcome::kJob), answer(JobRequestOutcome::kJob)};
    poll(3, 10, kEndless);
    EXPECT_THAT(accepted_, ElementsAre("a", "a"));
    EXPECT_THAT(asked_, ElementsAre("a", "a", "a"));
}

TEST_F(JobPollerTest, DoesNotAskPausedRunners) {
    add_runner("a");
    add_runner("b");
    paused_ = {"a"};
    poll(3);
    EXPECT_THAT(asked_, ElementsAre("b", "b", "b"));
}

TEST_F(JobPollerTest, AsksAtOnceAfterAPause) {
    add_runner("b");
    add_runner("a");
    paused_ = {"a"};
    after_first_request_ = [this] {
        paused_.clear();
        poller_->ask_now();
    };
    poll(3, 10, kEndless);
    EXPECT_THAT(asked_, ElementsAre("b", "b", "a"));
}

TEST_F(JobPollerTest, GivesUpTheHeldRequestOfAPausedRunner) {
    auto& first = add_runner("a");
    add_runner("b");
    first.api->hold_requests = true;
    after_first_request_ = [this] {
        EXPECT_EQ(poller_->requests_under_way(), 1);
        poller_->cancel_paused_requests();
        EXPECT_EQ(poller_->requests_under_way(), 1) << "a runner that is not paused";
        paused_ = {"a"};
        poller_->cancel_paused_requests();
    };
    // One place: "b" is asked only when the request of "a" has ended.
    poll(2, 1);
    EXPECT_THAT(asked_, ElementsAre("a", "b"));
}

TEST(TokenState, OnlyOneShortHoldInARowIsFollowedAtOnce) {
    TokenState state;
    EXPECT_FALSE(state.ends_a_hold(false, true));
    EXPECT_FALSE(state.server_holds_requests);
    EXPECT_TRUE(state.ends_a_hold(true, false));
    EXPECT_TRUE(state.ends_a_hold(true, true));
    EXPECT_FALSE(state.ends_a_hold(true, true));
    EXPECT_TRUE(state.ends_a_hold(true, false));
    EXPECT_FALSE(state.ends_a_hold(false, true));
    EXPECT_TRUE(state.ends_a_hold(true, true));
    EXPECT_TRUE(state.server_holds_requests);
}

TEST_F(JobPollerTest, AsksAgainAtOnceWhenTheServerHasHeldTheRequest) {
    auto& first = add_runner("a");
    add_runner("b");
    first.api->answers = {held_answer(), answer(JobRequestOutcome::kJob)};
    poll(3, 10, kEndless);
    EXPECT_THAT(asked_, ElementsAre("a", "a", "a"));
}

TEST_F(JobPollerTest, AsksAgainAtTheEndOfAJobWhereTheServerHoldsRequests) {
    auto& first = add_runner("a");
    first.api->answers = {held_answer(), answer(JobRequestOutcome::kJob),
                          answer(JobRequestOutcome::kNone), held_answer()};
    jobs_end_at_once_ = true;
    poll(3, 1, kEndless);
    EXPECT_THAT(asked_, ElementsAre("a", "a", "a"));
}

TEST_F(JobPollerTest, AsksAgainAtTheEndOfAJobWhereTheLastRequestGotOne) {
    auto& first = add_runner("a");
    first.api->answers = {answer(JobRequestOutcome::kJob), answer(JobRequestOutcome::kJob),
                          answer(JobRequestOutcome::kJob)};
    jobs_end_at_once_ = true;
    poll(4, 1, kEndless);
    EXPECT_THAT(accepted_, ElementsAre("a", "a", "a"));
}

TEST_F(JobPollerTest, ALongQueueOfOneRunnerDoesNotKeepTheOthersFromBeingAsked) {
    auto& first = add_runner("a");
    add_runner("b");
    for (int i = 0; i < 20; ++i) first.api->answers.push_back(answer(JobRequestOutcome::kJob));
    jobs_end_at_once_ = true;
    poll(4, 1, std::chrono::nanoseconds(0));
    asked_.resize(4);  // the stop comes after a request or two more
    EXPECT_THAT(asked_, ElementsAre("a", "b", "a", "b"));
}

TEST_F(JobPollerTest, AServerThatEndsItsHoldsAtOnceIsAskedAtTheInterval) {
    auto& first = add_runner("a");
    add_runner("b");
    for (int i = 0; i < 5; ++i) first.api->answers.push_back(held_answer());
    poll(3, 10, std::chrono::seconds(1));
    EXPECT_THAT(asked_, ElementsAre("a", "a", "b"));
}

TEST_F(JobPollerTest, AHoldDoesNotOverruleAStrictInterval) {
    auto& first = add_runner("a");
    first.config.strict_check_interval = true;
    add_runner("b");
    first.api->answers = {held_answer()};
    poll(2);
    EXPECT_THAT(asked_, ElementsAre("a", "b"));
}

TEST_F(JobPollerTest, WaitsForTheIntervalWhereTheConfigurationIsStrict) {
    auto& first = add_runner("a");
    first.config.strict_check_interval = true;
    add_runner("b");
    first.api->answers = {answer(JobRequestOutcome::kJob)};
    poll(2);
    EXPECT_THAT(asked_, ElementsAre("a", "b"));
}

TEST_F(JobPollerTest, CountsARequestAsABusyPlace) {
    auto& first = add_runner("a");
    add_runner("b");
    first.api->hold_requests = true;
    first.api->answers = {answer(JobRequestOutcome::kJob)};
    // One place: while the request of "a" is under way, nobody else is asked.
    poll(1, 1);
    EXPECT_THAT(asked_, ElementsAre("a"));
    EXPECT_THAT(accepted_, ElementsAre("a")) << "a stop waits for the request under way";
}

TEST_F(JobPollerTest, AsksForNoJobsBeyondConcurrent) {
    auto& first = add_runner("a");
    for (int i = 0; i < 5; ++i) first.api->answers.push_back(answer(JobRequestOutcome::kJob));
    first.api->on_request = [this, &first] {
        asked_.push_back("a");
        if (first.api->requests == 3) boost::asio::post(context_, [this] { poller_->stop(); });
    };
    poll(100, 3);
    EXPECT_EQ(accepted_.size(), 3U);
    EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(JobPollerTest, AsksForNoJobsBeyondTheRunnersLimit) {
    auto& limited = add_runner("a");
    limited.config.limit = 1;
    add_runner("b");
    limited.api->answers = {answer(JobRequestOutcome::kJob)};
    poll(4);
    EXPECT_THAT(asked_, ElementsAre("a", "b", "b", "b"));
}

TEST_F(JobPollerTest, LeavesARunnerAloneThatTheServerRefusesTooOften) {
    auto& refused = add_runner("a");
    refused.config.unhealthy_requests_limit = 2;
    for (int i = 0; i < 5; ++i)
        refused.api->answers.push_back(answer(JobRequestOutcome::kForbidden));
    poll(100);
    EXPECT_EQ(asked_.size(), 2U);
    EXPECT_EQ(unhealthy_, 3U);
}

TEST_F(JobPollerTest, KeepsAskingAServerThatFails) {
    auto& failing = add_runner("a");
    failing.config.unhealthy_requests_limit = 2;
    for (int i = 0; i < 5; ++i) failing.api->answers.push_back(answer(JobRequestOutcome::kFailed));
    poll(5);
    EXPECT_EQ(asked_.size(), 5U);
}

TEST_F(JobPollerTest, DoesNotTakeJobsThatThisProgramCannotRun) {
    auto& other = add_runner("a");
    other.config.executor = "kubernetes";
    add_runner("b");
    poll(2);
    EXPECT_THAT(asked_, ElementsAre("b", "b"));
}

/// Which requests the server may hold, with so many places and two entries.
class HeldRequests : public JobPollerTest {
  protected:
    std::vector<bool> held(int concurrent, bool second_can_run) {
        Runner& first = add_runner("a");
        Runner& second = add_runner("b");
        if (!second_can_run) second.config.problem = "wrong";
        first.api->hold_requests = second.api->hold_requests = true;
        poll(second_can_run && concurrent > 1 ? 2 : 1, concurrent);
        return {first.api->may_be_held, second.api->may_be_held};
    }
};

TEST_F(HeldRequests, NoneIsWhereTheOtherEntryHasNoPlaceThen) {
    EXPECT_EQ(held(1, true), (std::vector<bool>{false, false}));
}

TEST_F(HeldRequests, OnePlaceIsLeftForTheEntryThatGetsAJob) {
    EXPECT_EQ(held(2, true), (std::vector<bool>{true, false}));
}

TEST_F(HeldRequests, AllAreWhereThereIsRoomForAll) {
    EXPECT_EQ(held(3, true), (std::vector<bool>{true, true}));
}

TEST_F(HeldRequests, AnEntryThatCannotRunJobsNeedsNoPlace) {
    EXPECT_EQ(held(1, false), (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace runner::daemon
