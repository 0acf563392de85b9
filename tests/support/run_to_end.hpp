#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include "base/task.hpp"

namespace tests {

/// Runs a coroutine on an io_context of its own until the context has nothing left to do; rethrows
/// what the coroutine threw. A coroutine or a leftover that does not end within `limit` fails the
/// test.
template <typename T>
T run_to_end(boost::asio::io_context& context, base::Task<T> task,
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
    context.run_for(limit);
    if (!done) throw std::runtime_error("the coroutine did not end in time");
    if (!context.stopped()) throw std::runtime_error("work was left over after the coroutine");
    context.restart();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
}

template <typename T>
T run_to_end(base::Task<T> task, std::chrono::seconds limit = std::chrono::seconds(30)) {
    boost::asio::io_context context(1);
    return run_to_end(context, std::move(task), limit);
}

}  // namespace tests
