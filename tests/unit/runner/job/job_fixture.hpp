#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/job_variables.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/fake_executor.hpp"
#include "tests/support/fake_session.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// What the observer of a job is told, as words.
class ObservedEvents final : public runner::job::JobObserver {
  public:
    std::vector<std::string> stages;
    std::vector<std::string> others;

  private:
    void on_stage_end(const runner::job::JobContext&, std::string_view stage, Duration) override {
        stages.emplace_back(stage);
    }
    void on_engine(const runner::job::JobContext&, bool ready, Duration) override {
        others.emplace_back(ready ? "engine" : "no engine");
    }
    void on_builder(const runner::job::JobContext&, bool ready, Duration) override {
        others.emplace_back(ready ? "builder" : "no builder");
    }
    void on_cache(const runner::job::JobContext&,
                  const runner::job::CacheTransfer& transfer) override {
        others.emplace_back("cache " + std::string(transfer.result) + " " +
                            std::to_string(transfer.bytes));
    }
};

/// A job whose executor, supervisor and server are scripts, and whose pauses take no time.
class JobFixture : public testing::Test {
  protected:
    JobFixture() {
        executor_.info.description = "host";
        executor_.unrecorded = {"connect"};
        executor_.results["restore"] = {{}};
        executor_.info.helper = "/helper";
        runner_.name = "test";
        runner_.executor = "docker";
        payload_.id = 7;
        payload_.token = base::Secret("job-token");
        payload_.timeout_seconds = 3600;
        payload_.git_info.repo_url = "https://gitlab.example.com/group/project.git";
        payload_.git_info.sha = "0123456789012345678901234567890123456789";
        payload_.steps = {{.name = "script", .script = {"true"}, .when = ""}};
    }

    runner::job::JobSetup setup() {
        runner::journal::JobRecord record;
        record.url = "https://gitlab.example.com";
        record.short_token = "abc";
        std::filesystem::remove_all(directory_);  // left by an earlier job of the same test
        auto journal =
            runner::journal::Journal::create(dir_.path(), record.url, payload_.id, record, "{}");
        if (!journal) throw std::runtime_error(journal.error().message);
        directory_ = journal->directory();
        const auto io = context_.get_executor();
        return {.config = nullptr,
                .runner = &runner_,
                .payload = payload_,
                .variables = runner::job::make_variables(payload_, runner_, record),
                .system_id = "s_1",
                .working_dir = dir_.path().string(),
                .record = record,
                .journal = std::move(*journal),
                .restored = checkpoint_,
                .executor = std::make_unique<FakeExecutor>(executor_),
                .channel = std::make_unique<FakeChannel>(io, channel_),
                .secret_clients = clients_,
                .observer = &observer_,
                .make_session =
                    [this](const boost::asio::any_io_executor& session_io, executors::Executor&,
                           executors::session::EventSink& sink,
                           std::uint64_t offset) -> std::unique_ptr<executors::session::Session> {
                    return std::make_unique<FakeSession>(session_io, session_, &sink, offset);
                },
                .sleep = [this](std::chrono::nanoseconds pause) { return note_pause(pause); }};
    }
    /// For the test of one part: the context of a job, and its session.
    struct Parts {
        explicit Parts(const boost::asio::any_io_executor& io, runner::job::JobSetup setup,
                       SessionScript& script)
            : context(io, std::move(setup)), session(io, script) {
            context.deadlines.start(context.checkpoint());
        }
        runner::job::JobContext context;
        FakeSession session;
    };
    std::unique_ptr<Parts> parts() {
        return std::make_unique<Parts>(context_.get_executor(), setup(), session_);
    }
    template <typename T>
    T run(base::Task<T> task) {
        return run_to_end(context_, std::move(task));
    }
    /// Asks for a stop in the next turn of the loop, when the call in progress waits.
    void stop_soon(runner::job::JobContext& job, base::StopReason reason) {
        boost::asio::post(context_, [&job, reason] { job.stop.request(reason); });
    }
    [[nodiscard]] bool journal_is_left() const { return std::filesystem::exists(directory_); }

    boost::asio::io_context context_{1};
    TempDir dir_;
    runner::config::RunnerConfig runner_;
    protocol::gitlab::JobPayload payload_;
    std::optional<runner::journal::Checkpoint> checkpoint_;
    FakeExecutorScript executor_;
    SessionScript session_;
    ChannelScript channel_;
    ObservedEvents observer_;
    runner::secrets::ClientMaker clients_;  ///< of providers of secrets
    std::vector<std::chrono::nanoseconds> pauses_;
    bool pauses_end_ = true;  ///< false: pauses are cancelled
    std::filesystem::path directory_;

  private:
    base::Task<bool> note_pause(std::chrono::nanoseconds pause) {
        pauses_.push_back(pause);
        co_return pauses_end_;
    }
};

inline executors::session::StageExit exit_with(int code) {
    executors::session::StageExit exit;
    exit.code = code;
    return exit;
}

}  // namespace tests
