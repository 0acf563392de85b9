#pragma once

#include <string_view>

namespace executors {

/// The runner's own lines in the job log (job-runtime.md §3.1). Text has no end of line; it may
/// have several lines. Calls return at once; masking and framing happen behind them. I/O thread.
class JobLog {
  public:
    virtual ~JobLog() = default;
    virtual void print(std::string_view text) = 0;
    virtual void notice(std::string_view text) = 0;   ///< bold green
    virtual void heading(std::string_view text) = 0;  ///< bold cyan
    virtual void warning(std::string_view text) = 0;  ///< yellow, "WARNING: "
    virtual void error(std::string_view text) = 0;    ///< bold red, "ERROR: "
    /// A line that a service wrote, `failed` when to its standard error (CI_DEBUG_SERVICES).
    virtual void service(std::string_view text, bool failed) {
        static_cast<void>(failed);
        print(text);
    }
};

}  // namespace executors
