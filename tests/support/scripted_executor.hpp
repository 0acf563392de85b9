#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "executors/executor.hpp"

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

}  // namespace tests
