#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/file_part.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/responses.hpp"
#include "runner/trace/final_report.hpp"
#include "runner/trace/job_trace.hpp"
#include "runner/trace/log_acceptance.hpp"
#include "runner/trace/upload_schedule.hpp"

namespace runner::trace {

/// The receiver of a log. runner/job implements it for one job with protocol::gitlab::Client.
class TraceTarget {
  public:
    virtual ~TraceTarget() = default;
    /// The daemon's log, with the fields of the job.
    [[nodiscard]] virtual const base::log::Scope& daemon_log() const = 0;
    virtual base::Task<protocol::gitlab::PatchResult> patch(base::FilePart content,
                                                            std::uint64_t offset) = 0;
    /// `state=running` with checksum and size, to tell that the job is alive.
    virtual base::Task<protocol::gitlab::UpdateResult> touch(std::string checksum,
                                                             std::uint64_t bytes) = 0;
    /// The job's outcome, which the target knows, with checksum and size of the whole log; without
    /// both ("" and 0) when the server does not have all of it.
    virtual base::Task<protocol::gitlab::UpdateResult> report(std::string checksum,
                                                              std::uint64_t bytes) = 0;
};

struct UploaderCallbacks {
    std::function<void()> on_cancel;  ///< once: GitLab says `canceling`
    /// Once: the server does not want the job any more. Nothing is sent afterwards.
    std::function<void()> on_abort;
    std::function<void()> on_confirmed = {};  ///< whenever confirmed_bytes() has changed
};

/// Sends the log of one job to the server while it grows, and the outcome at the end.
///
/// Life: run() in the task group of the job, for a new job after announce(); stop(), and after the
/// end of run() finish(). `trace`
/// and `target` must outlive it. Strand: the I/O thread. Only the bytes up to set_available() are
/// sent; the job calls it after each checkpoint. Errors of the server do not end run(): it tries
/// again in the next round. A log that the server refuses for good ends, and finish() tries it once
/// more; the daemon's log names the job then. A patch or a touch that is not answered within
/// kAnswerLimit has failed.
class Uploader {
  public:
    Uploader(const boost::asio::any_io_executor& executor, const JobTrace& trace,
             TraceTarget& target, UploaderCallbacks callbacks, UploadTimes times,
             std::uint64_t confirmed_bytes = 0, const base::Clock& clock = base::system_clock());

    /// Tells the server that a new job runs. Before run().
    base::Task<void> announce();
    base::Task<void> run();
    static constexpr std::chrono::seconds kAnswerLimit{70};

    /// run() returns after the exchange that is under way.
    void stop();
    /// After stop(): announce() and run() do not wait for the answer to that exchange any more.
    /// finish() then learns from the server what has arrived.
    void abort_exchange() { exchange_stop_.request(base::StopReason::kShutdown); }

    void set_available(std::uint64_t bytes);
    /// The next bytes that become available are sent at once: the first bytes of a script.
    void expedite();
    /// The size of the beginning of the log that the server has.
    [[nodiscard]] std::uint64_t confirmed_bytes() const { return confirmed_; }
    [[nodiscard]] bool aborted() const { return aborted_; }

    /// Sends the rest of the log and reports the outcome until the server has answered, at most
    /// `tries` times. A cancellation ends it with kOpen: the journal still has the job.
    base::Task<FinalReport::End> finish(int tries);

  private:
    base::Task<bool> send_patch(UploadSchedule::Action action);
    base::Task<bool> touch(std::string checksum, std::uint64_t bytes, const char* on_failure);
    base::Task<bool> send_final(FinalReport& report, std::uint64_t offset);
    base::Task<bool> report_end(FinalReport& report);
    void handle_signals(const protocol::gitlab::JobSignals& signals, bool aborted);
    void confirm(std::uint64_t bytes);

    const JobTrace& trace_;
    TraceTarget& target_;
    UploaderCallbacks callbacks_;
    const base::Clock& clock_;
    UploadTimes times_;
    UploadSchedule schedule_;
    LogAcceptance acceptance_;
    base::StopSource exchange_stop_;  ///< of the exchange of run() that is under way
    base::Notifier changed_;
    std::uint64_t available_ = 0;
    std::uint64_t confirmed_ = 0;
    bool first_backlog_ = false;  ///< the loop waits and has nothing to send
    bool stopping_ = false;
    bool cancel_reported_ = false;
    bool aborted_ = false;
};

}  // namespace runner::trace
