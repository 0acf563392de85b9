#include <fmt/format.h>

#include "base/duration.hpp"
#include "base/version.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/job/job_run.hpp"
#include "runner/script/parse_bool.hpp"

/// The head of a job's log, its end, and the one outcome that both the log and the server are told.
namespace runner::job {

using journal::Failure;
using journal::FailureReason;
using journal::Phase;
using journal::Progress;

using base::StopReason;

void JobRun::write_header() {
    const auto& runner = *setup_.runner;
    // Tools find the head of a log by the official words.
    log().print(fmt::format("Running with gitlab-runner {} ({}) [runner {}]",
                            base::compatible_version(), base::revision(), base::version()));
    log().print(fmt::format("  on {} {}, system ID: {}", runner.name, setup_.record.short_token,
                            setup_.system_id));
    if (const std::string flags = variables_->features().changed(); !flags.empty()) {
        log().print("  feature flags: " + flags);
    }
    // As officially, also when there are none to resolve.
    if (setup_.payload.names_secrets) log().heading("Resolving secrets");
    behaviour_->check_all(setup_.payload.allow_git_fetch);
    for (const std::string& warning : behaviour_->take_warnings()) log().warning(warning);
    for (const char* name : {"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"}) {
        const bool asked = script::parse_bool(variables_->get(name)).value_or(false);
        if (asked && runner.debug_trace_disabled) {
            log().warning(std::string(name) + ": usage is disabled on this Runner");
        }
    }
}

void JobRun::fail(Failure failure) {
    // The first error is the job's: what follows is a consequence.
    if (!checkpoint_.outcome.failure) checkpoint_.outcome.failure = std::move(failure);
}

/// Turns what happened into the one outcome, and writes the log's last line.
void JobRun::settle() {
    setup_.executor->be_quiet();
    const Progress& progress = checkpoint_.progress;
    if (progress.job_timed_out) {
        const auto limit = std::chrono::seconds(setup_.payload.timeout_seconds);
        checkpoint_.outcome.failure =
            Failure{FailureReason::kTimeout, 0,
                    "execution took longer than " + base::format_go_duration(limit) + " seconds"};
    } else if (progress.stop == StopReason::kUserCancel) {
        checkpoint_.outcome.failure = Failure{FailureReason::kCanceled, 0, "canceled"};
    } else if (progress.stop == StopReason::kShutdown) {
        checkpoint_.outcome.failure =
            Failure{FailureReason::kInterrupted, 0,
                    "aborted: " + (stop_signal_.empty() ? "the runner was stopped" : stop_signal_)};
    } else if (progress.stop == StopReason::kAbort) {
        checkpoint_.outcome.failure = Failure{FailureReason::kCanceled, 0, "aborted by the server"};
    }
    if (checkpoint_.outcome.success()) {
        log().notice("Job succeeded");
    } else {
        log().error(last_line(*checkpoint_.outcome.failure) + "\n");
    }
    checkpoint_.phase = Phase::kReporting;
    save();
}

}  // namespace runner::job
