#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace base {

/// A coroutine of this program. It starts when it is awaited, or given to a TaskGroup, and runs on
/// the executor of the coroutine that awaits it. gcc 12: one await, one statement, one named
/// result.
template <typename T>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

/// Completion token for Asio operations: error codes are values, from which make_error() makes an
/// Error.
inline constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Waits for `delay`. Answers false when it was cancelled before.
Task<bool> sleep_for(std::chrono::nanoseconds delay);

}  // namespace base
