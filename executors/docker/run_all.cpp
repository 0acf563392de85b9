#include "executors/docker/run_all.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>
#include <memory>
#include <optional>

#include "base/cancellation_watch.hpp"
#include "base/stop_source.hpp"

namespace executors::docker {

namespace asio = boost::asio;
using base::Result;
using base::Task;

namespace {

struct Children {
    explicit Children(const asio::any_io_executor& executor) : wake(executor) {
        wake.expires_at(asio::steady_timer::time_point::max());
    }
    void cancel() {
        for (auto& signal : signals) signal.emit(asio::cancellation_type::terminal);
    }
    std::list<asio::cancellation_signal> signals;
    std::size_t left = 0;
    std::optional<base::Error> failure;
    asio::steady_timer wake;
};

struct Limit {
    explicit Limit(const asio::any_io_executor& executor) : timer(executor) {}
    asio::cancellation_signal signal;
    asio::steady_timer timer;
};

Task<Result<void>> run(std::vector<Task<Result<void>>> tasks, bool stop_at_failure) {
    auto executor = co_await asio::this_coro::executor;
    auto children = std::make_shared<Children>(executor);
    children->left = tasks.size();
    for (auto& task : tasks) {
        auto& signal = children->signals.emplace_back();
        auto on_end = [children, stop_at_failure](const std::exception_ptr& thrown,
                                                  Result<void> result) {
            --children->left;
            if (thrown) result = base::error_from_exception(thrown);
            if (!result && !children->failure) {
                children->failure = result.error();
                if (stop_at_failure) children->cancel();
            }
            if (children->left == 0) children->wake.cancel();
        };
        auto token = asio::bind_cancellation_slot(signal.slot(), std::move(on_end));
        asio::co_spawn(executor, std::move(task), std::move(token));
    }
    bool cancelled = false;
    while (children->left > 0) {
        auto woken = co_await children->wake.async_wait(base::use_tuple);
        static_cast<void>(woken);
        auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() == asio::cancellation_type::none) continue;
        // This coroutine must be able to await the end of its children, also when it is cancelled
        // more than once.
        co_await asio::this_coro::reset_cancellation_state();
        if (!cancelled) children->cancel();
        cancelled = true;
    }
    if (cancelled) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    if (children->failure) co_return *children->failure;
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> run_all(std::vector<Task<Result<void>>> tasks) {
    auto result = co_await run(std::move(tasks), true);
    co_return result;
}

Task<Result<void>> run_every(std::vector<Task<Result<void>>> tasks) {
    auto result = co_await run(std::move(tasks), false);
    co_return result;
}

Task<Result<void>> run_uncancelled(Task<Result<void>> task, std::chrono::milliseconds grace) {
    auto executor = co_await asio::this_coro::executor;
    auto limit = std::make_shared<Limit>(executor);
    auto caller = co_await asio::this_coro::cancellation_state;
    auto begin_limit = [limit, grace](asio::cancellation_type) {
        limit->timer.expires_after(grace);
        limit->timer.async_wait([limit](const boost::system::error_code& code) {
            if (!code) limit->signal.emit(asio::cancellation_type::terminal);
        });
    };
    const base::CancellationWatch watch(caller, begin_limit);
    auto token = asio::bind_cancellation_slot(limit->signal.slot(), base::use_tuple);
    auto outcome = co_await asio::co_spawn(executor, std::move(task), token);
    limit->timer.cancel();
    auto& [thrown, result] = outcome;
    if (thrown) co_return base::error_from_exception(thrown);
    co_return result;
}

}  // namespace executors::docker
