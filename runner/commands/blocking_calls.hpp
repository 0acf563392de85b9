#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

#include "base/stop_source.hpp"

namespace runner::commands {

/// Lets code that is no coroutine await coroutines, one after another, on the calling thread.
/// SIGINT and SIGTERM end a call with kCancelled; one that comes too late to end a call ends the
/// next one. The call after it works again, so that a command can undo what it has begun. Objects
/// that use executor() must be destroyed before this object.
class BlockingCalls {
  public:
    BlockingCalls() = default;
    BlockingCalls(const BlockingCalls&) = delete;
    BlockingCalls& operator=(const BlockingCalls&) = delete;

    boost::asio::any_io_executor executor() { return context_.get_executor(); }

    /// From now on a signal between two calls ends the next call, and not the program.
    void hold_signals() {
        hold_ = true;
        catch_signals();
    }

    /// Runs until the call has ended; timers of idle connections are not waited for.
    template <typename T>
    base::Result<T> wait(base::Task<base::Result<T>> call) {
        base::StopSource stop;
        if (std::exchange(interrupted_, false)) stop.request(base::StopReason::kShutdown);
        catch_signals();
        signals_.async_wait([this, &stop](const boost::system::error_code& code, int) {
            if (code) return;
            interrupted_ = true;
            stop.request(base::StopReason::kShutdown);
        });
        std::optional<base::Result<T>> outcome;
        std::exception_ptr failure;
        auto on_end = [&](const std::exception_ptr& error, base::Result<T> result) {
            failure = error;
            outcome.emplace(std::move(result));
        };
        auto task = base::run_stoppable<T>(&stop, std::move(call), std::nullopt);
        boost::asio::co_spawn(context_, std::move(task), on_end);
        while (!outcome) context_.run_one();
        signals_.cancel();
        if (!hold_) signals_.clear();
        context_.poll();
        context_.restart();
        if (!*outcome && outcome->error().is(base::ErrorKind::kCancelled)) interrupted_ = false;
        if (failure) std::rethrow_exception(failure);
        return std::move(*outcome);
    }

  private:
    void catch_signals() {
        signals_.add(SIGINT);
        signals_.add(SIGTERM);
    }

    boost::asio::io_context context_{1};
    boost::asio::signal_set signals_{context_};
    bool hold_ = false;
    bool interrupted_ = false;
};

}  // namespace runner::commands
