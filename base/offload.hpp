#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <functional>
#include <tuple>
#include <utility>

#include "base/task.hpp"

namespace base {

/// The two threads for work that blocks: files of unknown size, hashing, waiting for a program to
/// exit. Made on first use, joined at exit.
boost::asio::thread_pool& blocking_pool();

namespace detail {
template <typename T>
Task<T> call_there(std::function<T()> work) {
    co_return work();
}
}  // namespace detail

/// Runs `work` on the blocking pool and resumes the caller, on its own executor, with the value.
/// `work` owns what it uses. Cancellation does not interrupt it, so it must end by itself.
template <typename T>
Task<T> offload(std::function<T()> work) {
    auto there = boost::asio::any_io_executor(blocking_pool().get_executor());
    auto task = detail::call_there<T>(std::move(work));
    // Without a slot of its own the cancellation of the caller would reach the coroutine on the
    // pool from this thread, and co_spawn() there would throw where nothing catches it.
    auto uncancelled = boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                                           boost::asio::use_awaitable);
    auto value = co_await boost::asio::co_spawn(there, std::move(task), uncancelled);
    co_return std::move(value);
}

}  // namespace base
