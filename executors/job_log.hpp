#pragma once

#include <string>
#include <string_view>

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
};

}  // namespace executors
