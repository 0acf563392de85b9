#include "runner/daemon/job_refusal.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "base/stop_source.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/job/job_scope.hpp"
#include "runner/job/limits.hpp"
#include "runner/trace/spool.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

constexpr std::uint64_t kPatchBytes = 1U << 20U;

/// The part of a job's log that the server has been sent; with no bytes it is not known.
struct SentLog {
    std::string checksum;
    std::uint64_t bytes = 0;
};

std::string last_line_of(const journal::Failure& why) {
    return "\x1b[31;1mERROR: " + job::last_line(why) + "\x1b[0;m\n";
}

/// Appends `line` to the log that the server has. nullopt when the server did not take it.
base::Task<std::optional<SentLog>> send_line(std::shared_ptr<RunnerEntry> entry,
                                             gitlab::JobCredentials job, std::string line) {
    auto patched = co_await entry->jobs->patch_trace(job, line, 0, false);
    if (patched.outcome == gitlab::PatchOutcome::kOk) {
        co_return SentLog{trace::checksum_of(line), line.size()};
    }
    if (patched.outcome != gitlab::PatchOutcome::kRangeMismatch) co_return std::nullopt;
    patched = co_await entry->jobs->patch_trace(job, line, patched.offset, false);
    if (patched.outcome != gitlab::PatchOutcome::kOk) co_return std::nullopt;
    co_return SentLog{};
}

/// Sends what the server does not have of a log. nullopt when the server did not take it.
base::Task<std::optional<SentLog>> send_rest(std::shared_ptr<RunnerEntry> entry,
                                             gitlab::JobCredentials job,
                                             const trace::Spool& spool) {
    std::uint64_t offset = 0;
    bool told = false;  // the server has said how much it has
    while (offset < spool.size()) {
        const base::FilePart part = spool.part(offset, kPatchBytes);
        auto patched = co_await entry->jobs->patch_trace(job, part, offset, false);
        const bool mismatch = patched.outcome == gitlab::PatchOutcome::kRangeMismatch && !told;
        if (patched.outcome != gitlab::PatchOutcome::kOk && !mismatch) co_return std::nullopt;
        told = told || mismatch;
        offset = patched.offset;
    }
    co_return SentLog{trace::format_checksum(spool.crc32()), spool.size()};
}

/// The log that former daemons made of a job, with a last line. nullptr when there is none.
std::unique_ptr<trace::Spool> log_of(const journal::FoundJob& found, const std::string& line) {
    constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max() / 2;
    trace::Spool::Saved saved;
    saved.size = found.checkpoint.spool_bytes;
    auto spool = trace::Spool::open(found.journal.spool_path(), kUnlimited, saved);
    if (!spool) return nullptr;
    // The line before may have no end.
    (*spool)->append(saved.size > 0 ? "\n" + line : line, trace::Spool::Source::kRunner);
    if (auto flushed = (*spool)->flush(); !flushed) return nullptr;
    return std::move(*spool);
}

/// Reports a failure. `log`: the job's whole log with the reason, nullptr when it is to be one
/// line. Returns whether the server knows now that the job has ended.
base::Task<bool> report(std::shared_ptr<RunnerEntry> entry, gitlab::JobCredentials job,
                        journal::Failure why, std::vector<std::string> known_reasons,
                        base::log::Scope daemon_log, const trace::Spool* log) {
    gitlab::JobUpdate start;
    start.info = runner_info(*entry->config, *entry->runner);
    gitlab::JobUpdate end = start;
    // GitLab accepts an outcome only for a job that was reported as running.
    auto begun = co_await entry->jobs->update_job(job, std::move(start));
    if (begun.outcome == gitlab::UpdateOutcome::kAborted) co_return true;
    std::optional<SentLog> sent;
    if (log != nullptr) {
        sent = co_await send_rest(entry, job, *log);
    } else {
        const std::string line = last_line_of(why);
        sent = co_await send_line(entry, job, line);
    }
    end.state = gitlab::JobState::kFailed;
    end.failure_reason = job::wire_reason(why.reason, known_reasons);
    if (sent) {
        end.checksum = sent->checksum;
        end.bytesize = sent->bytes;
    }
    auto told = co_await entry->jobs->update_job(job, std::move(end));
    const bool knows = told.outcome != gitlab::UpdateOutcome::kFailed;
    if (!knows || !sent) {
        daemon_log.error("The server could not be told that a job cannot run",
                         {{"error", told.message}});
    }
    co_return knows;
}

base::Task<base::Result<void>> remove_environment(executors::Executor& executor,
                                                  const journal::FoundJob& found,
                                                  const base::log::Scope& daemon_log) {
    executors::JobEnvironment unknown;
    unknown.state_dir = found.journal.directory();
    auto restoring = executor.restore(unknown, found.checkpoint.executor_state);
    auto restored = co_await base::with_deadline<void>(std::move(restoring), job::kCleanupLimit);
    static_cast<void>(restored);  // gone already is as good as removed
    auto halting = executor.halt();
    auto halted = co_await base::with_deadline<void>(std::move(halting), job::kCleanupLimit);
    // cleanup() fails for the same reason, and its error is reported.
    if (!halted) daemon_log.debug("Halting a job failed", {{"error", halted.error().message}});
    auto removed = co_await executor.cleanup(job::kCleanupLimit);
    co_return std::move(removed);
}

}  // namespace

base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry, gitlab::JobCredentials job,
                            journal::Failure why, std::vector<std::string> known_reasons,
                            base::log::Scope daemon_log) {
    auto told = co_await report(entry, job, why, known_reasons, daemon_log, nullptr);
    static_cast<void>(told);  // a failure is in the log
}

base::Task<void> give_up_job(std::shared_ptr<RunnerEntry> entry,
                             std::unique_ptr<executors::Executor> executor,
                             journal::FoundJob found) {
    const std::string directory = found.journal.directory().string();
    const auto identity = gitlab::decode_identity(found.payload);
    const base::log::Scope daemon_log =
        job::job_scope(identity ? identity->id : 0, 0, found.record, entry->runner->name);
    if (!identity) {
        daemon_log.error("A job of a former run cannot be taken up again",
                         {{"directory", directory}, {"error", "its payload has no id and token"}});
        co_return;
    }
    journal::Failure why;
    why.message = fmt::format("the runner died {} times while it took the job up again",
                              journal::kMaxTakeovers);
    const gitlab::JobCredentials job{identity->id, identity->token};
    daemon_log.error("A job is given up", {{"error", why.message}});
    const std::vector<std::string> unknown_reasons;
    const auto log = log_of(found, last_line_of(why));
    auto told = co_await report(entry, job, why, unknown_reasons, daemon_log, log.get());
    if (!told) co_return;
    auto removed = co_await remove_environment(*executor, found, daemon_log);
    if (removed) removed = found.journal.remove();
    if (removed) co_return;
    daemon_log.error("A job that was given up could not be removed; the next start tries again",
                     {{"error", removed.error().message}});
}

}  // namespace runner::daemon
