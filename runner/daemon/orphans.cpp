#include "runner/daemon/orphans.hpp"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <tuple>

#include "base/subprocess.hpp"

namespace runner::daemon {

base::Task<void> adopt_orphans() {
    if (::getpid() != 1) co_return;
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::signal_set signals(executor, SIGCHLD);
    while (true) {
        base::reap_orphans();
        const auto outcome = co_await signals.async_wait(base::use_tuple);
        if (std::get<0>(outcome)) co_return;
    }
}

}  // namespace runner::daemon
