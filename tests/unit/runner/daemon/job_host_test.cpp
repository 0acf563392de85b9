#include "runner/daemon/job_host.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"
#include "runner/trace/spool.hpp"
#include "tests/support/fake_executor.hpp"
#include "tests/support/fake_jobs_api.hpp"
#include "tests/support/fake_session.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {
namespace {

using protocol::gitlab::JobRequestAnswer;
using protocol::gitlab::JobRequestOutcome;
using protocol::gitlab::JobState;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string payload_of(std::int64_t id) {
    const nlohmann::json payload{{"id", id},
                                 {"token", "job-token"},
                                 {"job_info", {{"name", "build"}, {"project_id", 5}}},
                                 {"git_info",
                                  {{"repo_url", "https://gitlab.example.com/group/project.git"},
                                   {"sha", "0123456789012345678901234567890123456789"},
                                   {"ref", "main"}}},
                                 {"runner_info", {{"timeout", 3600}}},
                                 {"steps", {{{"name", "script"}, {"script", {"true"}}}}}};
    return payload.dump();
}

/// Throws once, at the first end of a stage in a phase of the job.
class ThrowingObserver final : public job::JobObserver {
  public:
    std::optional<journal::Phase> throws_in;

  private:
    void on_stage_end(const job::JobContext& context, std::string_view, Duration) override {
        if (context.checkpoints.state().phase != throws_in) return;
        throws_in.reset();
        throw std::runtime_error("a bug");
    }
};

class JobHostTest : public testing::Test {
  protected:
    JobHostTest() {
        runner_.name = "test";
        runner_.url = "https://gitlab.example.com";
        runner_.token = base::Secret("glrt-token");
        runner_.executor = "docker";
        executor_.unrecorded = {"connect"};
        executor_.results["restore"] = {{}};
        api_ = std::make_shared<tests::FakeJobsApi>(context_.get_executor());
        entry_ = std::make_shared<RunnerEntry>();
        entry_->config = std::make_shared<const config::Config>();
        entry_->runner = &runner_;
        entry_->short_token = "token";
        entry_->jobs = api_;
        entry_->token_state = std::make_shared<TokenState>();
        make_host();
    }
    void make_host() {
        JobHost::Options options;
        options.state_dir = dir_.path();
        options.system_id = "s_1";
        options.make_executor =
            [this](
                const config::RunnerConfig&) -> base::Result<std::unique_ptr<executors::Executor>> {
            if (executor_error_) return *executor_error_;
            return std::unique_ptr<executors::Executor>(
                std::make_unique<tests::FakeExecutor>(executor_));
        };
        options.make_session =
            [this](const boost::asio::any_io_executor& io, executors::Executor&,
                   executors::session::EventSink& sink,
                   std::uint64_t offset) -> std::unique_ptr<executors::session::Session> {
            return std::make_unique<tests::FakeSession>(io, session_, &sink, offset);
        };
        options.observer = &observer_;
        JobHost::Observer observer;
        observer.on_start = [this](const job::JobRun& run) {
            events_.push_back("start " + std::to_string(run.status().id));
            slots_.push_back(run.context().setup.record.slot.concurrent_id);
        };
        observer.on_take_over = [this](const job::JobRun& run) {
            events_.push_back("take over " + std::to_string(run.status().id));
        };
        observer.on_end = [this](const job::JobRun& run) {
            events_.push_back("end " + std::to_string(run.status().id) +
                              (run.outcome().success() ? " success" : " failure"));
        };
        observer.on_refuse = [this](const RunnerEntry&) { events_.emplace_back("refuse"); };
        observer.on_inputs = [](const script::InputsExpansion&) {};
        host_.emplace(context_.get_executor(), std::move(options), std::move(observer));
    }
    void accept(std::string payload) {
        JobRequestAnswer answer;
        answer.outcome = JobRequestOutcome::kJob;
        answer.payload = std::move(payload);
        host_->accept(entry_, answer);
    }
    void wait() { tests::run_to_end(context_, wait_for_jobs()); }
    [[nodiscard]] bool journal_is_empty() const { return journal::find_jobs(dir_.path()).empty(); }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    config::RunnerConfig runner_;
    tests::FakeExecutorScript executor_;
    tests::SessionScript session_;
    std::optional<base::Error> executor_error_;
    ThrowingObserver observer_;
    std::shared_ptr<tests::FakeJobsApi> api_;
    std::shared_ptr<RunnerEntry> entry_;
    std::optional<JobHost> host_;
    std::vector<std::string> events_;
    std::vector<int> slots_;

  private:
    base::Task<bool> wait_for_jobs() {
        co_await host_->wait();
        co_return true;
    }
};

TEST_F(JobHostTest, RunsAJobToItsEnd) {
    accept(payload_of(7));
    EXPECT_EQ(host_->running(), 1);
    ASSERT_EQ(host_->runs().size(), 1U);
    EXPECT_EQ(host_->runs()[0]->status().name, "build");
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("start 7", "end 7 success"));
    EXPECT_EQ(host_->running(), 0);
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_TRUE(journal_is_empty());
}

/// What an exception must not keep: the server waiting, the slot, the place.
class JobHostException : public JobHostTest {
  protected:
    void expect_system_failure() {
        EXPECT_EQ(host_->running(), 0);
        EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
        EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
        EXPECT_EQ(api_->updates.back().failure_reason, "runner_system_failure");
        EXPECT_THAT(api_->trace,
                    HasSubstr("Job failed (system failure): internal error of the runner: a bug"));
        EXPECT_THAT(events_, testing::ElementsAre("start 7", "end 7 failure"));
        events_.clear();
        api_->on_update = {};
        executor_.hooks.clear();
        accept(payload_of(8));
        wait();
        EXPECT_THAT(events_, testing::ElementsAre("start 8", "end 8 success"));
        EXPECT_EQ(slots_.back(), 0) << "the number is free again";
    }
};

TEST_F(JobHostException, OfTheJobIsReported) {
    observer_.throws_in = journal::Phase::kRunning;
    accept(payload_of(7));
    wait();
    EXPECT_FALSE(observer_.throws_in);
    EXPECT_THAT(executor_.calls, Contains("cleanup"));
    EXPECT_TRUE(journal_is_empty());
    expect_system_failure();
}

TEST_F(JobHostException, OfTheRequestThatTellsTheStartDoesNotKeepTheJob) {
    bool thrown = false;
    api_->on_update = [&thrown](const auto&) {
        if (!std::exchange(thrown, true)) throw std::runtime_error("a bug");
    };
    accept(payload_of(7));
    wait();
    EXPECT_TRUE(thrown);
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_THAT(api_->trace, HasSubstr("Job succeeded"));
}

TEST_F(JobHostException, OfTheReportIsReportedAnotherWay) {
    observer_.throws_in = journal::Phase::kReporting;
    accept(payload_of(7));
    wait();
    EXPECT_FALSE(observer_.throws_in);
    EXPECT_TRUE(journal_is_empty());
    expect_system_failure();
}

TEST_F(JobHostException, OfTheCleanupLeavesTheJournalForTheNextStart) {
    executor_.hooks["cleanup"] = [] { throw std::runtime_error("a bug"); };
    accept(payload_of(7));
    wait();
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_EQ(host_->running(), 0);
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
    EXPECT_FALSE(journal_is_empty());
}

TEST_F(JobHostTest, CancelsAJobForAnAdministrator) {
    accept(payload_of(7));
    EXPECT_EQ(host_->cancel(8, "", ""), JobHost::Cancel::kUnknown);
    EXPECT_EQ(host_->cancel(7, "other", ""), JobHost::Cancel::kUnknown);
    EXPECT_EQ(host_->cancel(7, "test", "the disk is full"), JobHost::Cancel::kStopping);
    wait();
    EXPECT_EQ(events_.back(), "end 7 failure");
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
    EXPECT_THAT(api_->trace,
                HasSubstr("canceled by an administrator of the runner: the disk is full"));
    EXPECT_EQ(host_->cancel(7, "", ""), JobHost::Cancel::kUnknown);
}

TEST_F(JobHostTest, DoesNotGuessBetweenJobsOfTheSameNumber) {
    accept(payload_of(7));
    config::RunnerConfig other = runner_;
    other.name = "second";
    other.url = "https://second.example.com";
    auto second = std::make_shared<RunnerEntry>(*entry_);
    second->runner = &other;
    std::swap(entry_, second);
    accept(payload_of(7));
    EXPECT_EQ(host_->cancel(7, "", ""), JobHost::Cancel::kAmbiguous);
    EXPECT_EQ(host_->cancel(7, "second", ""), JobHost::Cancel::kStopping);
    wait();
    EXPECT_THAT(events_, Contains("end 7 success"));
    EXPECT_THAT(events_, Contains("end 7 failure"));
}

TEST_F(JobHostTest, GivesConcurrentJobsDifferentSlots) {
    accept(payload_of(7));
    accept(payload_of(8));
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 2);
    wait();
    EXPECT_THAT(slots_, testing::ElementsAre(0, 1));
    accept(payload_of(9));
    wait();
    EXPECT_EQ(slots_.back(), 0) << "a free number is used again";
}

TEST_F(JobHostTest, ReportsAJobThatCannotBeDecoded) {
    accept(R"({"id": 7, "token": "job-token", "steps": "none"})");
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("the server's job description cannot be understood"));
    ASSERT_EQ(api_->updates.size(), 2U);
    EXPECT_EQ(api_->updates[0].state, JobState::kRunning);
    EXPECT_EQ(api_->updates[1].state, JobState::kFailed);
    EXPECT_EQ(api_->updates[1].failure_reason, "runner_system_failure");
    EXPECT_EQ(api_->updates[1].bytesize, api_->trace.size());
}

TEST_F(JobHostTest, ReportsAJobWhosePayloadIsTooLarge) {
    accept(R"({"id": 7, "token": "job-token", "variables": [{"key": "A", "value": ")" +
           std::string(protocol::gitlab::kMaxPayloadBytes, 'x'));
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("more than 8 MiB"));
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
}

TEST_F(JobHostTest, ReportsNothingForAnAnswerThatNamesNoJob) {
    accept("no JSON");
    wait();
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_THAT(api_->updates, IsEmpty());
}

TEST_F(JobHostTest, ReleasesSlotAndJournalOfAJobThatCannotBegin) {
    executor_error_ = base::make_error(base::ErrorKind::kConfiguration, "no such engine");
    accept(payload_of(7));
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("no such engine"));
    EXPECT_TRUE(journal_is_empty());
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
}

TEST_F(JobHostTest, RefusesAJobThatItHasAlready) {
    accept(payload_of(7));
    accept(payload_of(7));
    wait();
    EXPECT_THAT(events_, testing::UnorderedElementsAre("start 7", "refuse", "end 7 success"));
}

TEST_F(JobHostTest, DoesNotRefuseAJobThatTheServerHasDroppedMeanwhile) {
    api_->update_result.outcome = protocol::gitlab::UpdateOutcome::kAborted;
    executor_error_ = base::make_error(base::ErrorKind::kConfiguration, "no such engine");
    accept(payload_of(7));
    wait();
    EXPECT_EQ(api_->updates.size(), 1U);
    EXPECT_EQ(api_->trace, "");
}

TEST_F(JobHostTest, StopsTheJobsThatRunAndThoseThatComeLater) {
    executor_.stalled = {"prepare"};
    accept(payload_of(7));
    executor_.on_call = [this](const std::string& call) {
        if (call != "prepare") return;
        boost::asio::post(context_, [this] {
            host_->stop_all(base::StopReason::kShutdown, "interrupt");
            accept(payload_of(8));
        });
    };
    wait();
    EXPECT_THAT(events_, Contains("end 7 failure"));
    EXPECT_THAT(events_, Contains("end 8 failure"));
    EXPECT_EQ(std::count(executor_.calls.begin(), executor_.calls.end(), "prepare"), 1);
}

TEST_F(JobHostTest, TakesUpAJobInItsSlot) {
    journal::JobRecord record;
    record.url = runner_.url;
    record.slot = {.concurrent_id = 3, .concurrent_project_id = 3};
    auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, record, payload_of(7));
    ASSERT_TRUE(journal);
    journal::Checkpoint checkpoint;
    checkpoint.phase = journal::Phase::kRunning;
    checkpoint.executor_state = "{}";
    checkpoint.plan_index = 2;
    ASSERT_TRUE(journal->save(checkpoint));
    host_->restore(journal::find_jobs(dir_.path()),
                   [this](const journal::JobRecord&) { return entry_; });
    ASSERT_EQ(host_->running(), 1);
    EXPECT_TRUE(host_->runs()[0]->status().restored);
    wait();
    EXPECT_THAT(executor_.calls, testing::ElementsAre("restore", "halt", "cleanup"));
    EXPECT_THAT(events_, testing::ElementsAre("take over 7", "end 7 success"));
    EXPECT_TRUE(journal_is_empty());
}

class JobHostTakeovers : public JobHostTest {
  protected:
    /// Puts a job into the journal that was taken up `takeovers` times.
    void leave_job(int takeovers, const std::string& payload) {
        journal::JobRecord record;
        record.url = runner_.url;
        auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, record, payload);
        ASSERT_TRUE(journal);
        journal::Checkpoint checkpoint;
        checkpoint.phase = journal::Phase::kRunning;
        checkpoint.executor_state = "{}";
        checkpoint.plan_index = 2;
        checkpoint.takeovers = takeovers;
        ASSERT_TRUE(journal->save(checkpoint));
    }
    void restore() {
        host_->restore(journal::find_jobs(dir_.path()),
                       [this](const journal::JobRecord&) { return entry_; });
    }
    int counted() {
        const auto jobs = journal::find_jobs(dir_.path());
        return jobs.size() == 1 ? jobs[0].checkpoint.takeovers : -1;
    }
};

TEST_F(JobHostTakeovers, AreCountedBeforeTheJobIsTakenUp) {
    leave_job(2, payload_of(7));
    int before = 0;
    executor_.hooks["restore"] = [&] { before = counted(); };
    restore();
    EXPECT_EQ(counted(), 3);
    wait();
    EXPECT_EQ(before, 3);
    EXPECT_THAT(events_, testing::ElementsAre("take over 7", "end 7 success"));
}

TEST_F(JobHostTakeovers, EndAJobThatDaemonsDiedOf) {
    leave_job(journal::kMaxTakeovers, payload_of(7));
    api_->checks_offsets = true;
    api_->trace = "what the server has\n";
    restore();
    EXPECT_EQ(host_->running(), 0);
    wait();
    EXPECT_THAT(api_->trace, HasSubstr("server has\n\x1b[31;1mERROR: Job failed (system failure): "
                                       "the runner died 5 times"));
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
    EXPECT_EQ(api_->updates.back().failure_reason, "runner_system_failure");
    EXPECT_EQ(api_->updates.back().checksum, "") << "nobody knows that of the whole log";
    EXPECT_THAT(executor_.calls, testing::ElementsAre("restore", "halt", "cleanup"));
    EXPECT_TRUE(journal_is_empty());
}

TEST_F(JobHostTakeovers, SendTheLogThatTheServerDoesNotHave) {
    const std::string log = "one line\nand a half";
    leave_job(journal::kMaxTakeovers, payload_of(7));
    auto found = journal::find_jobs(dir_.path());
    ASSERT_TRUE(
        base::write_file_atomic(found[0].journal.spool_path(), log + " not committed", 0600));
    found[0].checkpoint.spool_bytes = log.size();
    ASSERT_TRUE(found[0].journal.save(found[0].checkpoint));
    api_->checks_offsets = true;
    api_->trace = "one line\n";
    restore();
    wait();
    EXPECT_THAT(api_->trace, testing::StartsWith(log + "\n\x1b[31;1mERROR: Job failed"));
    EXPECT_EQ(api_->updates.back().bytesize, api_->trace.size());
    EXPECT_EQ(api_->updates.back().checksum, trace::checksum_of(api_->trace));
}

TEST_F(JobHostTakeovers, EndAJobWithoutReadingItsPayload) {
    leave_job(journal::kMaxTakeovers, R"({"id": 7, "token": "t", "steps": "unreadable"})");
    restore();
    wait();
    EXPECT_THAT(api_->trace, HasSubstr("the runner died 5 times"));
    EXPECT_TRUE(journal_is_empty());
}

TEST_F(JobHostTakeovers, KeepAGivenUpJobThatTheServerCouldNotBeToldOf) {
    leave_job(journal::kMaxTakeovers, payload_of(7));
    api_->update_result.outcome = protocol::gitlab::UpdateOutcome::kFailed;
    restore();
    wait();
    EXPECT_EQ(counted(), journal::kMaxTakeovers);
}

TEST_F(JobHostTest, KeepsAJobWhoseRunnerIsNoLongerConfigured) {
    auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, {}, payload_of(7));
    ASSERT_TRUE(journal->save({}));
    host_->restore(journal::find_jobs(dir_.path()),
                   [](const journal::JobRecord&) { return std::shared_ptr<RunnerEntry>(); });
    EXPECT_EQ(host_->running(), 0);
    EXPECT_FALSE(journal_is_empty());
}

}  // namespace
}  // namespace runner::daemon
