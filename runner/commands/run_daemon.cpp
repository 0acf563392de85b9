#include "runner/commands/run_daemon.hpp"

#include <malloc.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "base/log.hpp"
#include "runner/commands/command.hpp"

namespace runner::commands {

namespace {

constexpr std::size_t kMmapThreshold = 128 * 1024;
constexpr std::size_t kTrimThreshold = 256 * 1024;

/// One thread allocates, so one arena is enough. Freed memory is returned to the system early.
void tune_memory() {
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
    ::mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
}

}  // namespace

int run_daemon(daemon::DaemonOptions options) {
    tune_memory();
    boost::asio::io_context context(1);
    daemon::Daemon daemon(context.get_executor(), std::move(options));
    if (auto opened = daemon.open(); !opened) return fail(opened.error());
    int exit_code = 1;
    auto on_end = [&](const std::exception_ptr& failure, int code) {
        if (failure) {
            base::log::fatal("The daemon has failed",
                             {{"error", base::error_from_exception(failure).message}});
            return;
        }
        exit_code = code;
        // Timers of idle connections are not waited for.
        context.stop();
    };
    boost::asio::co_spawn(context, daemon.run(), on_end);
    context.run();
    return exit_code;
}

}  // namespace runner::commands
