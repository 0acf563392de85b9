#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/task.hpp"
#include "executors/executor.hpp"

namespace tests {

/// What a FakeExecutor does, and what it was asked for. The test owns it; it outlives the executor.
/// Calls are named "prepare", "connect", "restore", "renew", "halt" and
/// "cleanup".
struct FakeExecutorScript {
    using Connection = std::unique_ptr<protocol::http::ByteStream>;

    /// The calls in their order, without those that are in `unrecorded`.
    std::vector<std::string> calls;
    std::set<std::string> unrecorded{"connect", "halt"};
    /// The answers to a call, in their order; the last one is repeated. A call without any
    /// succeeds.
    std::map<std::string, std::deque<base::Result<void>>> results;
    /// Runs at the begin of a call.
    std::map<std::string, std::function<void()>> hooks;
    /// Runs at the begin of every call, with its name.
    std::function<void(const std::string&)> on_call;
    /// Calls that wait until they are cancelled, and answer kCancelled then.
    std::set<std::string> stalled;
    /// The connection to a supervisor; by default there is none (kNotFound).
    std::function<base::Task<base::Result<Connection>>()> connect;
    executors::EnvironmentInfo info;
    std::optional<executors::ReadinessStage> readiness;
    std::string saved_state = "{}";
    /// The environment is there: made by prepare(), removed by cleanup(). Without it, restore()
    /// answers kNotFound unless `results` has answers for it.
    bool exists = false;
    bool can_renew = false;
};

/// An executor without an environment: every call does what its script says. It keeps the contract
/// of executors::Executor unless the script says otherwise.
class FakeExecutor final : public executors::Executor {
  public:
    explicit FakeExecutor(FakeExecutorScript& script) : script_(script) {}

    base::Task<base::Result<void>> prepare(const executors::JobEnvironment&,
                                           executors::JobLog&) override {
        // Also a preparation that fails leaves something for cleanup().
        script_.exists = true;
        auto result = co_await run("prepare");
        co_return result;
    }
    base::Task<base::Result<FakeExecutorScript::Connection>> connect() override {
        auto result = co_await run("connect");
        if (!result) co_return result.error();
        if (!script_.connect) {
            co_return base::make_error(base::ErrorKind::kNotFound, "there is no supervisor");
        }
        auto connecting = script_.connect();
        auto connection = co_await std::move(connecting);
        co_return std::move(connection);
    }
    [[nodiscard]] const executors::EnvironmentInfo& info() const override { return script_.info; }
    [[nodiscard]] std::optional<executors::ReadinessStage> readiness() const override {
        return script_.readiness;
    }
    [[nodiscard]] std::string saved_state() const override { return script_.saved_state; }
    base::Task<base::Result<void>> restore(const executors::JobEnvironment&,
                                           const std::string&) override {
        auto result = co_await run("restore");
        if (result && script_.results["restore"].empty() && !script_.exists) {
            co_return base::make_error(base::ErrorKind::kNotFound, "the environment is gone");
        }
        co_return result;
    }
    [[nodiscard]] bool can_renew() const override { return script_.can_renew; }
    base::Task<base::Result<void>> renew(const executors::JobEnvironment&,
                                         executors::JobLog&) override {
        auto result = co_await run("renew");
        co_return result;
    }
    base::Task<base::Result<void>> halt() override {
        auto result = co_await run("halt");
        co_return result;
    }
    base::Task<base::Result<void>> cleanup(std::chrono::seconds) override {
        auto result = co_await run("cleanup");
        if (result) script_.exists = false;
        co_return result;
    }

  private:
    base::Task<base::Result<void>> run(std::string call) {
        if (!script_.unrecorded.contains(call)) script_.calls.push_back(call);
        if (script_.on_call) script_.on_call(call);
        if (const auto hook = script_.hooks.find(call); hook != script_.hooks.end()) hook->second();
        if (script_.stalled.contains(call)) {
            // Longer than any test; the end of this wait is its cancellation.
            const bool slept = co_await base::sleep_for(std::chrono::hours(1));
            if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
        }
        co_return next_result(call);
    }
    base::Result<void> next_result(const std::string& call) {
        auto& answers = script_.results[call];
        if (answers.empty()) return {};
        base::Result<void> answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        return answer;
    }

    FakeExecutorScript& script_;
};

}  // namespace tests
