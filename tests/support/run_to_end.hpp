#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include "base/task.hpp"

namespace tests {

/// Runs a coroutine until it has ended; rethrows what it threw. A coroutine that does not end
/// within `limit` fails the test. Work that it left in the context, such as the watch over a
/// connection that is kept, goes on in the next call.
template <typename T>
T run_until_done(boost::asio::io_context& context, base::Task<T> task,
                 std::chrono::seconds limit = std::chrono::seconds(30)) {
    std::exception_ptr failure;
    std::optional<T> value;
    bool done = false;
    auto on_end = [&](const std::exception_ptr& error, T result) {
        failure = error;
        value.emplace(std::move(result));
        done = true;
    };
    boost::asio::co_spawn(context, std::move(task), on_end);
    context.restart();
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done && context.run_one_until(end) != 0) {
    }
    if (!done) throw std::runtime_error("the coroutine did not end in time");
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
}

/// The same, and runs the context until it has nothing left to do. A leftover that does not end
/// within `limit` fails the test.
template <typename T>
T run_to_end(boost::asio::io_context& context, base::Task<T> task,
             std::chrono::seconds limit = std::chrono::seconds(30)) {
    T value = run_until_done(context, std::move(task), limit);
    context.run_for(limit);
    if (!context.stopped()) throw std::runtime_error("work was left over after the coroutine");
    context.restart();
    return value;
}

template <typename T>
T run_to_end(base::Task<T> task, std::chrono::seconds limit = std::chrono::seconds(30)) {
    boost::asio::io_context context(1);
    return run_to_end(context, std::move(task), limit);
}

}  // namespace tests
