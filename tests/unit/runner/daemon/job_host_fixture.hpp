#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"
#include "runner/daemon/job_host.hpp"
#include "runner/trace/spool.hpp"
#include "tests/support/fake_executor.hpp"
#include "tests/support/fake_jobs_api.hpp"
#include "tests/support/fake_session.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {

inline std::string payload_of(std::int64_t id) {
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

/// Jobs of one runner in a JobHost, with a fake executor, session and API.
class JobHostFixture : public testing::Test {
  protected:
    JobHostFixture() {
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
        protocol::gitlab::JobRequestAnswer answer;
        answer.outcome = protocol::gitlab::JobRequestOutcome::kJob;
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

}  // namespace runner::daemon
