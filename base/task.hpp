#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace base {

/// A coroutine of this program. It starts when it is awaited (or handed to a TaskGroup) and runs on
/// the executor of who awaits it. gcc 12: one await, one statement, one named result.
template <typename T>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

/// Completion token at the edge to Asio: codes come back as values and become base::Error.
inline constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Suspends for `delay`. Answers false when it was cancelled before the time was over.
Task<bool> sleep_for(std::chrono::nanoseconds delay);

}  // namespace base
