#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "base/task.hpp"

namespace base {

/// The two threads for work that blocks: files of unknown size, hashing, waiting for a program to
/// exit. Made on first use, joined at exit.
boost::asio::thread_pool& blocking_pool();

namespace detail {

/// Work on the pool, and the caller that waits for it. Nothing that belongs to the caller's loop is
/// left on the pool's thread when the caller goes on: it may end its loop then.
template <typename T, typename Handler>
struct OffloadedWork {
    std::function<T()> work;
    Handler handler;
    boost::asio::any_io_executor kept;  ///< the loop has work to wait for

    void operator()() {
        std::exception_ptr failure;
        std::optional<T> value;
        try {
            value.emplace(work());
            work = nullptr;
        } catch (...) {
            failure = std::current_exception();
        }
        const auto back = boost::asio::get_associated_executor(handler);
        auto resume = [handler = std::move(handler), kept = std::move(kept), failure,
                       value = std::move(value)]() mutable {
            std::move(handler)(failure, std::move(value));
        };
        boost::asio::post(back, std::move(resume));
    }
};

template <typename T>
struct StartOffload {
    template <typename Handler>
    void operator()(Handler&& handler, std::function<T()> work) const {
        auto kept = boost::asio::any_io_executor(
            boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                boost::asio::execution::outstanding_work.tracked));
        boost::asio::post(blocking_pool(),
                          OffloadedWork<T, std::decay_t<Handler>>{
                              std::move(work), std::forward<Handler>(handler), std::move(kept)});
    }
};

}  // namespace detail

/// Runs `work` on the blocking pool and resumes the caller, on its own executor, with the value.
/// `work` owns what it uses. Cancellation does not interrupt it, so it must end by itself.
template <typename T>
Task<T> offload(std::function<T()> work) {
    const detail::StartOffload<T> start;
    auto value = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                      void(std::exception_ptr, std::optional<T>)>(
        start, boost::asio::use_awaitable, std::move(work));
    co_return std::move(*value);
}

}  // namespace base
