#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/output_stream.hpp"
#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "executors/job_log.hpp"
#include "protocol/gitlab/payload.hpp"
#include "protocol/http/message.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::job {

/// One archive of the job on its way out.
struct ArtifactFile {
    const protocol::gitlab::Artifact* about = nullptr;
    std::string name;  ///< as the receiver shall call it: "artifacts.zip"
    /// The content, made anew for each try.
    std::function<base::Result<protocol::http::BodySource>()> open;
    /// Told before a further try. May be empty.
    std::function<void(const base::Error& why, std::chrono::milliseconds wait)> on_retry;
};

enum class StartAnswer {
    kGo,
    kCancelled,  ///< start, but as a job that is to be cancelled
    kDropped,    ///< the server does not want this job run; nothing is reported
};

/// Where a job's log, state and end go: GitLab for `run`, a terminal for `exec`.
///
/// Life: serve() runs in the job's group from the start until finish() or abandon() has returned.
/// Strand: the I/O thread. What is written is kept until commit() has covered it; only then may it
/// leave the machine.
class JobChannel {
  public:
    /// A checkpoint's view of the log: bytes that are safe on disk, and what the framing holds
    /// back.
    struct Mark {
        std::uint64_t bytes = 0;
        std::string state;
    };

    virtual ~JobChannel() = default;

    virtual executors::JobLog& log() = 0;
    virtual void section_start(std::string_view name) = 0;
    virtual void section_end(std::string_view name) = 0;
    /// Output of the running stage. `time_us`: UTC.
    virtual void output(base::OutputStream stream, std::uint64_t time_us,
                        std::string_view bytes) = 0;
    /// The stage is over: what its streams hold back is written.
    virtual void end_output() = 0;

    /// Somebody waits for the next output: it shall be seen at once.
    virtual void expect_output() {}

    /// Bytes of the log that are kept, 0 for all. The environment may drop what lies far behind it;
    /// when it has begun to, output_was_cut() says so in the log, unless the log ended before.
    [[nodiscard]] virtual std::uint64_t output_limit() const { return 0; }
    virtual void output_was_cut() {}

    virtual Mark mark() = 0;
    virtual void commit(std::uint64_t bytes) = 0;

    /// Who hears that the server wants the job stopped (kUserCancel, kAbort). Set before serve().
    virtual void on_stop(std::function<void(base::StopReason)> handler) = 0;
    /// Who hears that the receiver has more of the log than the last mark() says. Set before
    /// serve().
    virtual void on_progress(std::function<void()>) {}
    virtual base::Task<void> serve() = 0;
    virtual base::Task<StartAnswer> announce_start() = 0;
    /// Sends the rest of the log and the outcome, as often as it takes; serve() ends. kUnavailable
    /// when the server could not be told within the configured tries.
    virtual base::Task<base::Result<void>> finish(const journal::Outcome& outcome) = 0;
    /// What it is called to bring archives to where they are kept, and from there, for the job's
    /// log: "Uploading artifacts as \"archive\" to coordinator".
    struct TransferWords {
        std::string sending;
        std::string fetching;
    };
    [[nodiscard]] virtual TransferWords transfer_words(const std::string& type) const = 0;
    /// Keeps an archive of the job; answers what the log says of it: "201 Created". Failures are
    /// final: what can be tried again was.
    virtual base::Task<base::Result<std::string>> send_artifact(ArtifactFile file) = 0;
    /// The archive of an earlier job. kNotFound: there is none, or none any more; failures are
    /// final. `direct`: the server may send it from where it is stored.
    virtual base::Task<base::Result<protocol::http::BodySource>> fetch_artifact(
        protocol::gitlab::Dependency dependency, bool direct) = 0;

    /// Nobody wants the outcome: serve() ends.
    virtual void abandon() = 0;
};

}  // namespace runner::job
