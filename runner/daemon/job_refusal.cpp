#include "runner/daemon/job_refusal.hpp"

#include "base/log.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/trace/spool.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry, gitlab::JobCredentials job,
                            journal::Failure why, std::vector<std::string> known_reasons) {
    gitlab::JobUpdate start;
    start.info = runner_info(*entry->config, *entry->runner);
    gitlab::JobUpdate end = start;
    // GitLab accepts an outcome only for a job that was reported as running.
    auto begun = co_await entry->jobs->update_job(job, std::move(start));
    if (begun.outcome == gitlab::UpdateOutcome::kAborted) co_return;
    const std::string line = "\x1b[31;1mERROR: " + job::last_line(why) + "\x1b[0;m\n";
    auto patched = co_await entry->jobs->patch_trace(job, line, 0, false);
    end.state = gitlab::JobState::kFailed;
    end.failure_reason = job::wire_reason(why.reason, known_reasons);
    if (patched.outcome == gitlab::PatchOutcome::kOk) {
        end.checksum = trace::checksum_of(line);
        end.bytesize = line.size();
    }
    auto told = co_await entry->jobs->update_job(job, std::move(end));
    if (told.outcome == gitlab::UpdateOutcome::kFailed ||
        patched.outcome == gitlab::PatchOutcome::kFailed) {
        base::log::error("The server could not be told that a job cannot run",
                         {{"job", job.id}, {"error", told.message}});
    }
}

}  // namespace runner::daemon
