#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string_view>

#include "base/cancellation_watch.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace base {

enum class StopReason {
    kNone,
    kUserCancel,   ///< GitLab says `canceling`: finish gracefully, after_script runs
    kAbort,        ///< GitLab says `canceled` or 403: it does not want the result any more
    kTimeout,      ///< a time limit of the job or of a stage has passed
    kShutdown,     ///< the daemon was told to stop
    kAdminCancel,  ///< an administrator of the runner: as kUserCancel, but GitLab has not asked
};

std::string_view to_string(StopReason reason);

/// A stop of the script after which after_script, artifacts and cleanup still have their turn.
constexpr bool is_cancel(StopReason reason) {
    return reason == StopReason::kUserCancel || reason == StopReason::kAdminCancel;
}

/// A request to stop, and the operations that it cancels.
///
/// Life: made by the owner of the work; outlives every run_stoppable() that it is given to.
/// Strand: used on the I/O thread only. The first reason is kept; a later request, whatever its
/// reason, still cancels the operations that were attached after the first.
class StopSource {
  public:
    StopSource() = default;
    StopSource(const StopSource&) = delete;
    StopSource& operator=(const StopSource&) = delete;

    void request(StopReason reason);
    /// Forgets the request, for work that follows (after_script after a cancelled script).
    void reset() { reason_ = StopReason::kNone; }
    [[nodiscard]] bool requested() const { return reason_ != StopReason::kNone; }
    [[nodiscard]] StopReason reason() const { return reason_; }

    /// Registers a signal for as long as the registration lives.
    class Registration {
      public:
        Registration(StopSource& source, boost::asio::cancellation_signal& signal);
        ~Registration();
        Registration(const Registration&) = delete;
        Registration& operator=(const Registration&) = delete;

      private:
        StopSource& source_;
        std::list<boost::asio::cancellation_signal*>::iterator entry_;
    };

  private:
    StopReason reason_ = StopReason::kNone;
    std::list<boost::asio::cancellation_signal*> attached_;
};

/// An exception as an Error: a cancellation is kCancelled, a code of the system has its kind, every
/// other exception is kInternal.
Error error_from_exception(const std::exception_ptr& failure);

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

namespace detail {
struct StoppableState {
    explicit StoppableState(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::cancellation_signal signal;
    boost::asio::steady_timer timer;
    bool timed_out = false;
    bool done = false;
};
void arm(const std::shared_ptr<StoppableState>& state, const Deadline& deadline);
Error stopped_error(const StoppableState& state, const StopSource* stop);
}  // namespace detail

/// Runs `operation` as a child with its own cancellation, so that the coroutine of the caller can
/// still await after a stop. Answers kTimeout when `deadline` has passed, kCancelled when `stop`
/// was requested (before the start, too) or the caller was cancelled, else what the operation
/// answered. `stop` may be null.
template <typename T>
Task<Result<T>> run_stoppable(StopSource* stop, Task<Result<T>> operation, Deadline deadline) {
    if (stop != nullptr && stop->requested()) {
        co_return make_error(ErrorKind::kCancelled, "stopped before it began");
    }
    auto executor = co_await boost::asio::this_coro::executor;
    auto state = std::make_shared<detail::StoppableState>(executor);
    std::optional<StopSource::Registration> registration;
    if (stop != nullptr) registration.emplace(*stop, state->signal);
    detail::arm(state, deadline);
    auto caller = co_await boost::asio::this_coro::cancellation_state;
    auto pass_on = [state](boost::asio::cancellation_type type) { state->signal.emit(type); };
    const CancellationWatch watch(caller, pass_on);
    auto token = boost::asio::bind_cancellation_slot(state->signal.slot(), use_tuple);
    auto outcome = co_await boost::asio::co_spawn(executor, std::move(operation), token);
    state->done = true;
    state->timer.cancel();
    auto& [failure, value] = outcome;
    if (failure) {
        Error error = error_from_exception(failure);
        if (error.is(ErrorKind::kCancelled)) co_return detail::stopped_error(*state, stop);
        co_return error;
    }
    if (!value && value.error().is(ErrorKind::kCancelled)) {
        co_return detail::stopped_error(*state, stop);
    }
    co_return std::move(value);
}

/// run_stoppable() with a limit that begins now, without a stop source.
template <typename T>
Task<Result<T>> with_deadline(Task<Result<T>> operation, std::chrono::nanoseconds limit) {
    const auto when = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
    auto result = co_await run_stoppable<T>(nullptr, std::move(operation), when);
    co_return std::move(result);
}

}  // namespace base
