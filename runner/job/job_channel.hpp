#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_stream.hpp"
#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "executors/job_log.hpp"
#include "protocol/gitlab/client.hpp"
#include "protocol/gitlab/payload.hpp"
#include "protocol/http/message.hpp"
#include "runner/journal/outcome.hpp"
#include "runner/trace/log_feed.hpp"

namespace runner::job {

/// One archive of the job on its way out.
struct ArtifactFile {
    const protocol::gitlab::Artifact* about = nullptr;
    std::string name;  ///< the name for the receiver: "artifacts.zip"
    /// The content, made anew for each try.
    std::function<base::Result<protocol::http::BodySource>()> open;
    /// Called before each retry. May be empty.
    std::function<void(const base::Error& why, std::chrono::milliseconds wait)> on_retry;
};

/// Receives a job's log, state and outcome: GitLab for `run`, a terminal for `exec`.
///
/// Life: serve() runs in the job's group from the start until finish() or abandon() has returned.
/// Strand: the I/O thread. The log is sent only up to the byte that commit() was called with.
class JobChannel {
  public:
    /// The log's state for a checkpoint: the number of bytes that are on disk, and the text that
    /// the framing still holds back.
    struct Mark {
        std::uint64_t bytes = 0;
        std::string state;
        bool complete = true;  ///< false: more waits in memory, because the disk is full
    };

    virtual ~JobChannel() = default;

    virtual executors::JobLog& log() = 0;
    virtual void section_start(std::string_view name) = 0;
    virtual void section_end(std::string_view name) = 0;
    /// Masks further secrets of the job from now on. A job that was taken up again calls it before
    /// anything is written.
    virtual void hide(const std::vector<std::string>& secrets) = 0;
    /// Output of the running stage. `time_us`: microseconds, UTC.
    virtual void output(base::OutputStream stream, std::uint64_t time_us,
                        std::string_view bytes) = 0;
    /// The stage has ended: writes the bytes of its streams that are still held back.
    virtual void end_output() = 0;

    /// The next output is sent at once, because a user may wait for it.
    virtual void expect_output() {}

    /// The number of bytes of the log that are kept, 0 for no limit. The environment may drop
    /// output far beyond this limit. Then output_was_cut() is called, which writes this to the log
    /// unless the log has ended before.
    [[nodiscard]] virtual std::uint64_t output_limit() const { return 0; }
    virtual void output_was_cut() {}

    virtual Mark mark() = 0;
    /// False while a part of the log waits in memory for room on the disk, which is tried again. No
    /// more output of the script should come meanwhile.
    virtual bool has_room() { return true; }
    virtual void commit(std::uint64_t bytes) = 0;
    /// The bytes of the log that the receiver does not have yet.
    [[nodiscard]] virtual std::uint64_t backlog() const { return 0; }

    /// Sets the function that is called when the server wants the job stopped (kUserCancel,
    /// kAbort). Call it before serve().
    virtual void on_stop(std::function<void(base::StopReason)> handler) = 0;
    /// Sets the function that is called when the receiver has more of the log than the last mark()
    /// says. Call it before serve().
    virtual void on_progress(std::function<void()>) {}
    /// Tells the receiver that a new job starts, and sends the log once it has answered. An answer
    /// that drops or cancels the job calls the function of on_stop().
    virtual base::Task<void> serve() = 0;
    /// Returns when the receiver has answered to the job's start: at once for a job that was taken
    /// up again. The job may be prepared meanwhile, but must not run a script.
    virtual base::Task<void> start_answered() = 0;
    /// Sends the rest of the log and the outcome, with retries; then serve() ends. kUnavailable
    /// when all configured tries have failed.
    virtual base::Task<base::Result<void>> finish(const journal::Outcome& outcome) = 0;
    /// How the job's log names an upload and a download of archives: "Uploading artifacts as
    /// \"archive\" to coordinator".
    struct TransferWords {
        std::string sending;
        std::string fetching;
    };
    [[nodiscard]] virtual TransferWords transfer_words(const std::string& type) const = 0;
    /// Sends an archive of the job. Returns the text for the log: "201 Created". Failures are
    /// final, because the retries are over.
    virtual base::Task<base::Result<std::string>> send_artifact(ArtifactFile file) = 0;
    /// The archive of an earlier job, one try. kNotFound when it does not exist or no longer
    /// exists.
    virtual base::Task<base::Result<protocol::http::BodySource>> fetch_artifact(
        protocol::gitlab::Dependency dependency, protocol::gitlab::ArtifactDownload how) = 0;

    /// The log for readers on this machine, while the job runs. Null when the channel keeps no log,
    /// or when its file cannot be opened again.
    [[nodiscard]] virtual std::shared_ptr<trace::LogFeed> readable_log() { return nullptr; }
    /// Tells the readers how the job ended.
    virtual void end_readers(const journal::Outcome&) {}

    /// Ends serve() without a report of the outcome.
    virtual void abandon() = 0;
};

}  // namespace runner::job
