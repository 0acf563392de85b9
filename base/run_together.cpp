#include "base/run_together.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "base/cancellation_watch.hpp"
#include "base/stop_source.hpp"

namespace base {

namespace {

struct Together {
    Together(const boost::asio::any_io_executor& executor, bool stops)
        : stops_at_failure(stops),
          all_done(executor, std::chrono::steady_clock::time_point::max()) {}

    void cancel() {
        for (auto& signal : signals) signal.emit(boost::asio::cancellation_type::terminal);
    }
    [[nodiscard]] bool is_over() const { return cancelled || (failure && stops_at_failure); }
    void end(const std::exception_ptr& thrown, const Result<void>& result) {
        --left;
        const bool failed = thrown || !result;
        if (failed && !failure) {
            failure = thrown ? error_from_exception(thrown) : result.error();
            if (stops_at_failure) cancel();
        }
        if (left == 0) all_done.cancel();
    }

    const bool stops_at_failure;
    bool cancelled = false;  ///< the caller
    std::deque<boost::asio::cancellation_signal> signals;
    std::size_t left = 0;
    std::optional<Error> failure;
    boost::asio::steady_timer all_done;
};

/// A task that is cancelled before its first step has attached no handler to its signal yet.
Task<Result<void>> unless_over(std::shared_ptr<Together> state, Task<Result<void>> task) {
    if (state->is_over()) co_return make_error(ErrorKind::kCancelled, "stopped before it began");
    auto result = co_await std::move(task);
    co_return std::move(result);
}

Task<Result<void>> run(std::vector<Task<Result<void>>> tasks, bool stops_at_failure) {
    auto caller = co_await boost::asio::this_coro::cancellation_state;
    if (caller.cancelled() != boost::asio::cancellation_type::none)
        co_return make_error(ErrorKind::kCancelled, "stopped before it began");
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    auto executor = co_await boost::asio::this_coro::executor;
    const auto state = std::make_shared<Together>(executor, stops_at_failure);
    state->left = tasks.size();
    // A task may cancel the caller as soon as it is spawned. The wait below has to come all the
    // same.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const CancellationWatch watch(caller, [state](boost::asio::cancellation_type) {
        state->cancelled = true;
        state->cancel();
    });
    for (auto& task : tasks) {
        auto& signal = state->signals.emplace_back();
        auto on_end = [state](const std::exception_ptr& thrown, const Result<void>& result) {
            state->end(thrown, result);
        };
        auto child = unless_over(state, std::move(task));
        boost::asio::co_spawn(executor, std::move(child),
                              boost::asio::bind_cancellation_slot(signal.slot(), on_end));
    }
    // The caller's cancellation does not end this wait: the tasks end first.
    boost::asio::cancellation_signal never;
    auto token = boost::asio::bind_cancellation_slot(never.slot(), use_tuple);
    if (state->left > 0) {
        auto [code] = co_await state->all_done.async_wait(token);
        static_cast<void>(code);  // end() cancels the wait
    }
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    if (state->cancelled) co_return make_error(ErrorKind::kCancelled, "stopped");
    if (state->failure) co_return *state->failure;
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> run_together(std::vector<Task<Result<void>>> tasks) {
    return run(std::move(tasks), true);
}

Task<Result<void>> run_every(std::vector<Task<Result<void>>> tasks) {
    return run(std::move(tasks), false);
}

}  // namespace base
