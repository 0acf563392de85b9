#include "executors/docker/run_uncancelled.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

#include "base/cancellation_watch.hpp"
#include "base/stop_source.hpp"

namespace executors::docker {

namespace asio = boost::asio;
using base::Result;
using base::Task;

namespace {

struct Limit {
    explicit Limit(const asio::any_io_executor& executor) : timer(executor) {}
    asio::cancellation_signal signal;
    asio::steady_timer timer;
};

Task<Result<void>> keep_answer(Task<Result<std::string>> task, std::string& answer) {
    auto answered = co_await std::move(task);
    if (!answered) co_return answered.error();
    answer = std::move(*answered);
    co_return Result<void>();
}

}  // namespace

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

Task<Result<std::string>> run_uncancelled(Task<Result<std::string>> task,
                                          std::chrono::milliseconds grace) {
    std::string answer;
    auto keeping = keep_answer(std::move(task), answer);
    auto done = co_await run_uncancelled(std::move(keeping), grace);
    if (!done) co_return done.error();
    co_return std::move(answer);
}

}  // namespace executors::docker
