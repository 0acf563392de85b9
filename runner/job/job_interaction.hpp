#pragma once

#include <optional>
#include <string_view>

#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "runner/interactive/environment.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// What the job's session reaches: shells in the job's environment, and the ports that the payload
/// names (job-runtime.md §9.1). Does nothing for a job without a session.
///
/// Life: that of the job; `context` outlives it. open(), then end() before the environment is
/// removed. Strand: the I/O thread.
class JobInteraction final : private interactive::Environment {
  public:
    explicit JobInteraction(JobContext& context) : context_(context) {}

    /// The environment's supervisor has answered: clients may come. A further call does nothing.
    void open();
    [[nodiscard]] bool has_terminal() const;
    /// Waits until a connected terminal is closed, at most for session_timeout and within the job's
    /// time. After it no client gets in. Does not wait for a job that is to stop.
    base::Task<void> wait_for_terminal();
    /// The job is to stop: nothing is waited for any more.
    void stop_waiting() { no_wait_.request(base::StopReason::kAbort); }
    /// Ends what clients have opened, and returns when that has gone.
    base::Task<void> end(base::StopReason reason);

  private:
    base::Task<base::Result<Stream>> open_terminal() override;
    [[nodiscard]] std::optional<interactive::ProxiedPort> find_port(
        std::string_view service, std::string_view port) const override;
    base::Task<base::Result<Stream>> open_port(interactive::ProxiedPort port) override;

    [[nodiscard]] bool may_wait() const;
    [[nodiscard]] std::chrono::seconds terminal_limit() const;

    JobContext& context_;
    bool open_ = false;
    base::StopSource no_wait_;
};

}  // namespace runner::job
