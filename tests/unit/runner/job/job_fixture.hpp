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
#include "tests/support/fake_channel.hpp"
#include "tests/support/fake_session.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// What a ScriptedExecutor answers, and what it was asked for. It outlives the executor.
struct ExecutorScript {
    /// Failures of prepare(): each is used once, in order; then it succeeds.
    std::deque<base::Error> prepare_failures;
    /// prepare() does not end before it is cancelled.
    bool hold_prepare = false;
    base::Result<void> restored;
    base::Result<void> cleaned;
    executors::EnvironmentInfo info;
    std::optional<executors::ReadinessStage> readiness;
    /// Is called when a call begins, with its name.
    std::function<void(const std::string&)> on_call;

    std::vector<std::string> calls;
};

class ScriptedExecutor final : public executors::Executor {
  public:
    ScriptedExecutor(const boost::asio::any_io_executor& io, ExecutorScript& script)
        : script_(script), changed_(io) {}

    base::Task<base::Result<void>> prepare(const executors::JobEnvironment&,
                                           executors::JobLog&) override {
        begin("prepare");
        if (script_.hold_prepare) {
            co_await changed_.wait();  // nobody notifies: only a cancellation ends it
            co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
        }
        if (script_.prepare_failures.empty()) co_return base::Result<void>();
        base::Error error = script_.prepare_failures.front();
        script_.prepare_failures.pop_front();
        co_return error;
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        co_return base::make_error(base::ErrorKind::kNotFound, "nobody is there");
    }
    [[nodiscard]] const executors::EnvironmentInfo& info() const override { return script_.info; }
    [[nodiscard]] std::optional<executors::ReadinessStage> readiness() const override {
        return script_.readiness;
    }
    [[nodiscard]] std::string saved_state() const override { return "{}"; }
    base::Task<base::Result<void>> restore(const executors::JobEnvironment&,
                                           const std::string&) override {
        begin("restore");
        co_return script_.restored;
    }
    base::Task<base::Result<void>> halt() override {
        begin("halt");
        co_return base::Result<void>();
    }
    base::Task<base::Result<void>> cleanup(std::chrono::seconds) override {
        begin("cleanup");
        co_return script_.cleaned;
    }

  private:
    void begin(const std::string& call) {
        script_.calls.push_back(call);
        if (script_.on_call) script_.on_call(call);
    }

    ExecutorScript& script_;
    base::Notifier changed_;
};

/// A job whose executor, supervisor and server are scripts, and whose pauses take no time.
class JobFixture : public testing::Test {
  protected:
    JobFixture() {
        executor_.info.description = "host";
        executor_.info.has_git = true;
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
        std::filesystem::remove_all(directory_);  // of a job before, in the same test
        auto journal =
            runner::journal::Journal::create(dir_.path(), record.url, payload_.id, record, "{}");
        if (!journal) throw std::runtime_error(journal.error().message);
        directory_ = journal->directory();
        const auto io = context_.get_executor();
        return {.config = nullptr,
                .runner = &runner_,
                .payload = payload_,
                .ca_chain = "",
                .system_id = "s_1",
                .working_dir = dir_.path().string(),
                .record = record,
                .journal = std::move(*journal),
                .restored = checkpoint_,
                .executor = std::make_unique<ScriptedExecutor>(io, executor_),
                .channel = std::make_unique<FakeChannel>(io, channel_),
                .make_session =
                    [this](const boost::asio::any_io_executor& session_io, executors::Executor&,
                           executors::session::EventSink& sink,
                           std::uint64_t offset) -> std::unique_ptr<executors::session::Session> {
                    return std::make_unique<FakeSession>(session_io, session_, &sink, offset);
                },
                .sleep = [this](std::chrono::nanoseconds pause) { return note_pause(pause); }};
    }
    /// For the tests of a part: a job in its environment, and the conversation with it.
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
    ExecutorScript executor_;
    SessionScript session_;
    ChannelScript channel_;
    std::vector<std::chrono::nanoseconds> pauses_;
    std::filesystem::path directory_;

  private:
    base::Task<bool> note_pause(std::chrono::nanoseconds pause) {
        pauses_.push_back(pause);
        co_return true;
    }
};

inline executors::session::StageExit exit_with(int code) {
    executors::session::StageExit exit;
    exit.code = code;
    return exit;
}

}  // namespace tests
