#include "runner/daemon/shutdown_sequence.hpp"

#include <csignal>
#include <cstdlib>

#include "base/log.hpp"

namespace runner::daemon {

namespace {

std::string_view signal_name(int signal) {
    switch (signal) {
        case SIGQUIT: return "quit";
        case SIGTERM: return "terminated";
        case SIGINT: return "interrupt";
        case SIGHUP: return "hangup";
        case SIGUSR2: return "user defined signal 2";
        default: return "signal";
    }
}

void describe_jobs(const JobHost& jobs) {
    for (const job::JobRun* run : jobs.runs()) {
        const status::JobState& job = run->status();
        base::log::debug("Running job", {{"job", job.id},
                                         {"project", job.project_id},
                                         {"runner", job.short_token},
                                         {"runner_name", job.runner_name},
                                         {"state", job.state},
                                         {"stage", job.stage},
                                         {"executor_stage", job.executor_stage}});
    }
}

}  // namespace

ShutdownSequence::ShutdownSequence(const boost::asio::any_io_executor& executor,
                                   boost::asio::signal_set& signals, JobHost& jobs,
                                   JobPoller& poller, Settings settings)
    : signals_(signals),
      jobs_(jobs),
      poller_(poller),
      settings_(std::move(settings)),
      changed_(executor),
      limits_(executor) {}

base::Task<void> ShutdownSequence::watch() {
    while (true) {
        auto [code, signal] = co_await signals_.async_wait(base::use_tuple);
        if (code) co_return;
        on_signal(signal);
    }
}

base::Task<void> ShutdownSequence::wait() {
    while (!plan_.stopping()) {
        co_await changed_.wait();
    }
}

base::Task<void> ShutdownSequence::wait_for_jobs() {
    limits_.spawn("end of the jobs", see_jobs_end());
    while (!jobs_ended_ && !plan_.handing_over()) {
        co_await changed_.wait();
    }
}

base::Task<void> ShutdownSequence::see_jobs_end() {
    co_await jobs_.wait();
    jobs_ended_ = true;
    changed_.notify_all();
}

base::Task<void> ShutdownSequence::end() {
    limits_.cancel_all();
    co_await limits_.wait();
}

void ShutdownSequence::on_signal(int signal) {
    switch (plan_.on_signal(signal)) {
        case ShutdownPlan::Action::kNone: return;
        case ShutdownPlan::Action::kReload: return settings_.reload();
        case ShutdownPlan::Action::kDescribe: return describe_jobs(jobs_);
        case ShutdownPlan::Action::kDrain: return drain(signal);
        case ShutdownPlan::Action::kHandOver: return hand_over(signal);
        case ShutdownPlan::Action::kStop: return stop(signal);
        case ShutdownPlan::Action::kLeave:
            base::log::error("Leaving at once", {{"signal", signal_name(signal)}});
            leave(1);
    }
}

void ShutdownSequence::leave(int exit_code) {
    jobs_.save_all();
    std::_Exit(exit_code);
}

void ShutdownSequence::drain(int signal) {
    base::log::warning("Starting graceful shutdown, waiting for builds to finish",
                       {{"signal", signal_name(signal)}, {"jobs", jobs_.running()}});
    limits_.spawn("limit of the job requests", limit_requests());
    changed_.notify_all();
}

void ShutdownSequence::hand_over(int signal) {
    base::log::warning("Leaving the running jobs to the next start",
                       {{"signal", signal_name(signal)}, {"jobs", jobs_.running()}});
    limits_.spawn("limit of the job requests", limit_requests());
    changed_.notify_all();
}

void ShutdownSequence::stop(int signal) {
    base::log::warning("Starting forceful shutdown",
                       {{"signal", signal_name(signal)},
                        {"jobs", jobs_.running()},
                        {"shutdown_timeout_s", settings_.limit().count()}});
    jobs_.stop_all(base::StopReason::kShutdown, signal_name(signal));
    limits_.spawn("limit of the job requests", limit_requests());
    limits_.spawn("limit of the stop", limit_stop());
    changed_.notify_all();
}

base::Task<void> ShutdownSequence::limit_requests() {
    auto waited = co_await base::sleep_for(kRequestGrace);
    if (waited) poller_.cancel_requests();
}

/// Ends the process when the jobs do not end within shutdown_timeout.
base::Task<void> ShutdownSequence::limit_stop() {
    const auto limit = settings_.limit();
    auto waited = co_await base::sleep_for(limit);
    if (!waited) co_return;
    base::log::error("The jobs did not end within shutdown_timeout; the next start takes them up",
                     {{"seconds", limit.count()}});
    leave(1);
}

}  // namespace runner::daemon
