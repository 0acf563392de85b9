#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace executors {

/// The runner's own lines in the job log (job-runtime.md §3.1). A text has no newline at its end
/// and may have several lines. Calls return at once; the log masks and frames the text later.
/// Strand: the I/O thread.
class JobLog {
  public:
    virtual ~JobLog() = default;
    virtual void print(std::string_view text) = 0;
    virtual void notice(std::string_view text) = 0;   ///< bold green
    virtual void heading(std::string_view text) = 0;  ///< bold cyan
    virtual void warning(std::string_view text) = 0;  ///< yellow, "WARNING: "
    virtual void error(std::string_view text) = 0;    ///< bold red, "ERROR: "
    /// How far a transfer is: each text takes the place of the one before it, `last` ends the line.
    virtual void progress(std::string_view text, bool last) {
        if (last) print(text);
    }
    /// A line that a service wrote (CI_DEBUG_SERVICES); `failed` when it is from standard error.
    virtual void service(std::string_view text, bool failed) {
        static_cast<void>(failed);
        print(text);
    }
    /// `text` as this log shows it: for the daemon's own log, where the job's secrets must not
    /// stand either.
    [[nodiscard]] virtual std::string masked(std::string_view text) const {
        return std::string(text);
    }
    /// Nothing is written: a page that shows the running job says what it waits for. See Waiting.
    virtual void wait(std::string_view what, bool begins) {
        static_cast<void>(what);
        static_cast<void>(begins);
    }
};

/// The job waits for `what` ("the image alpine:3") until the end of the scope. Several waits may be
/// under way at once. Life: shorter than the log's.
class Waiting {
  public:
    Waiting(JobLog& log, std::string what) : log_(log), what_(std::move(what)) {
        log_.wait(what_, true);
    }
    ~Waiting() { log_.wait(what_, false); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

  private:
    JobLog& log_;
    std::string what_;
};

}  // namespace executors
