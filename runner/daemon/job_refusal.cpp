#include "runner/daemon/job_refusal.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/log.hpp"
#include "base/stop_source.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/job/limits.hpp"
#include "runner/trace/spool.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

/// Appends `line` to the log that the server has. Returns where the line begins, nullopt when the
/// server did not take it.
base::Task<std::optional<std::uint64_t>> append_line(std::shared_ptr<RunnerEntry> entry,
                                                     gitlab::JobCredentials job, std::string line) {
    std::uint64_t offset = 0;
    auto patched = co_await entry->jobs->patch_trace(job, line, offset, false);
    if (patched.outcome == gitlab::PatchOutcome::kRangeMismatch) {
        offset = patched.offset;
        patched = co_await entry->jobs->patch_trace(job, line, offset, false);
    }
    if (patched.outcome != gitlab::PatchOutcome::kOk) co_return std::nullopt;
    co_return offset;
}

/// Returns whether the server knows now that the job has ended.
base::Task<bool> report(std::shared_ptr<RunnerEntry> entry, gitlab::JobCredentials job,
                        journal::Failure why, std::vector<std::string> known_reasons) {
    gitlab::JobUpdate start;
    start.info = runner_info(*entry->config, *entry->runner);
    gitlab::JobUpdate end = start;
    // GitLab accepts an outcome only for a job that was reported as running.
    auto begun = co_await entry->jobs->update_job(job, std::move(start));
    if (begun.outcome == gitlab::UpdateOutcome::kAborted) co_return true;
    const std::string line = "\x1b[31;1mERROR: " + job::last_line(why) + "\x1b[0;m\n";
    auto appended = co_await append_line(entry, job, line);
    end.state = gitlab::JobState::kFailed;
    end.failure_reason = job::wire_reason(why.reason, known_reasons);
    if (appended == 0U) {
        end.checksum = trace::checksum_of(line);
        end.bytesize = line.size();
    }
    auto told = co_await entry->jobs->update_job(job, std::move(end));
    if (told.outcome != gitlab::UpdateOutcome::kFailed && appended) co_return true;
    base::log::error("The server could not be told that a job cannot run",
                     {{"job", job.id}, {"error", told.message}});
    co_return told.outcome != gitlab::UpdateOutcome::kFailed;
}

base::Task<base::Result<void>> remove_environment(executors::Executor& executor,
                                                  const journal::FoundJob& found) {
    executors::JobEnvironment unknown;
    unknown.state_dir = found.journal.directory();
    auto restoring = executor.restore(unknown, found.checkpoint.executor_state);
    auto restored = co_await base::with_deadline<void>(std::move(restoring), job::kCleanupLimit);
    static_cast<void>(restored);  // gone already is as good as removed
    auto halting = executor.halt();
    auto halted = co_await base::with_deadline<void>(std::move(halting), job::kCleanupLimit);
    // cleanup() fails for the same reason, and its error is reported.
    if (!halted) base::log::debug("Halting a job failed", {{"error", halted.error().message}});
    auto removed = co_await executor.cleanup(job::kCleanupLimit);
    co_return std::move(removed);
}

}  // namespace

base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry, gitlab::JobCredentials job,
                            journal::Failure why, std::vector<std::string> known_reasons) {
    auto told = co_await report(entry, job, why, known_reasons);
    static_cast<void>(told);  // a failure is in the log
}

base::Task<void> give_up_job(std::shared_ptr<RunnerEntry> entry,
                             std::unique_ptr<executors::Executor> executor,
                             journal::FoundJob found) {
    const std::string directory = found.journal.directory().string();
    const auto identity = gitlab::decode_identity(found.payload);
    if (!identity) {
        base::log::error("A job of a former run cannot be taken up again",
                         {{"directory", directory}, {"error", "its payload has no id and token"}});
        co_return;
    }
    journal::Failure why;
    why.message = fmt::format("the runner died {} times while it took the job up again",
                              journal::kMaxTakeovers);
    const gitlab::JobCredentials job{identity->id, identity->token};
    base::log::error("A job is given up", {{"job", identity->id}, {"error", why.message}});
    const std::vector<std::string> unknown_reasons;
    auto told = co_await report(entry, job, why, unknown_reasons);
    if (!told) co_return;
    auto removed = co_await remove_environment(*executor, found);
    if (removed) removed = found.journal.remove();
    if (removed) co_return;
    base::log::error("A job that was given up could not be removed; the next start tries again",
                     {{"job", identity->id}, {"error", removed.error().message}});
}

}  // namespace runner::daemon
