#pragma once

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <functional>

#include "base/notifier.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "runner/daemon/job_host.hpp"
#include "runner/daemon/job_poller.hpp"
#include "runner/daemon/shutdown.hpp"

namespace runner::daemon {

/// Carries out what the process's signals ask for (ShutdownPlan decides).
///
/// Life: watch() is spawned once and ends when it is cancelled; wait() returns when a stop was
/// asked for; then wait_for_jobs(), leave() if they are handed over, and end().
/// `signals`, `jobs` and `poller` outlive it. Strand: the I/O thread. A stop whose time is over,
/// and a second signal, end the process with exit code 1: the journal has everything, and the next
/// start takes the jobs up or reports them.
class ShutdownSequence {
  public:
    struct Settings {
        std::function<void()> reload;  ///< SIGHUP
        /// shutdown_timeout of the configuration in use.
        std::function<std::chrono::seconds()> limit;
    };
    ShutdownSequence(const boost::asio::any_io_executor& executor, boost::asio::signal_set& signals,
                     JobHost& jobs, JobPoller& poller, Settings settings);

    base::Task<void> watch();
    /// As SIGQUIT: no new jobs, and the end when those that run have ended.
    void finish() { on_signal(SIGQUIT); }
    base::Task<void> wait();
    /// Returns when no job is left, or when the jobs are to be handed over.
    base::Task<void> wait_for_jobs();
    [[nodiscard]] bool handing_over() const { return plan_.handing_over(); }
    /// Ends the process without waiting for the jobs; the next start takes them up.
    [[noreturn]] void leave(int exit_code);
    base::Task<void> end();
    /// The official name of the process's state.
    [[nodiscard]] const char* state_name() const { return plan_.state_name(); }

  private:
    void on_signal(int signal);
    void drain(int signal);
    void stop(int signal);
    void hand_over(int signal);
    base::Task<void> see_jobs_end();
    base::Task<void> limit_requests();
    base::Task<void> limit_stop();

    boost::asio::signal_set& signals_;
    JobHost& jobs_;
    JobPoller& poller_;
    Settings settings_;
    ShutdownPlan plan_;
    bool jobs_ended_ = false;
    base::Notifier changed_;  ///< a stop was asked for, the jobs have ended
    base::TaskGroup limits_;
};

}  // namespace runner::daemon
