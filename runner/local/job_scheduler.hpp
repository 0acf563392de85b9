#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runner/local/job_end.hpp"
#include "runner/local/pipeline_options.hpp"
#include "runner/pipeline/plan/create.hpp"
#include "runner/pipeline/state/pipeline_state.hpp"

namespace runner::local {

/// Hears of each change of a job's state. `job` is the job's position in the pipeline.
class StateObserver {
  public:
    virtual ~StateObserver() = default;
    virtual void on_state(std::size_t job, pipeline::state::Status status,
                          const std::string& note) = 0;
};

/// Decides which job of a pipeline starts next: GitLab's state machine
/// (pipeline::state::PipelineState), what the user wants of manual and delayed jobs, and `retry`.
/// Pure: no clock, no coroutine; jobs are named by their position.
///
/// Life: call advance() first and after every report, then take_ready() until it answers nothing.
/// Reports are finished(), delay_over(), play() and cancel(). `jobs` and `observer` outlive it.
class JobScheduler {
  public:
    using Jobs = std::vector<pipeline::plan::PlannedJob>;

    /// A delayed job whose time begins to run now.
    struct Delay {
        std::size_t job;
        std::chrono::seconds time;
    };
    /// What the end of a job means for the pipeline.
    enum class Consequence {
        kNone,
        kCancelPipeline,  ///< workflow:auto_cancel:on_job_failure
    };

    JobScheduler(const Jobs& jobs, const std::vector<std::string>& stages, PipelineOptions options,
                 StateObserver& observer);

    /// Decides every job that can be decided. Delays that are not skipped are answered; their end
    /// is reported with delay_over().
    std::vector<Delay> advance();
    /// The first ready job that `fits`; it counts as running from now on. Nothing when none fits.
    std::optional<std::size_t> take_ready(const std::function<bool(std::size_t)>& fits);
    [[nodiscard]] bool has_ready() const { return !ready_.empty(); }

    /// A job has ended. A failed job with retries left is ready again.
    Consequence finished(std::size_t job, const JobEnd& end);
    void delay_over(std::size_t job);
    /// Starts a manual job.
    void play(std::size_t job);
    /// Cancels all that waits or runs; nothing becomes ready afterwards.
    void cancel();

    /// Manual jobs that nobody has played. A bridge is not among them: it has this state while its
    /// child pipeline waits, and the child asks for its own jobs.
    [[nodiscard]] std::vector<std::size_t> waiting_for_play() const;
    [[nodiscard]] const pipeline::state::PipelineState& process() const { return process_; }

  private:
    void take(const pipeline::state::Step& step, std::vector<Delay>& delays);
    void begin_delay(std::size_t job, std::vector<Delay>& delays);
    [[nodiscard]] bool is_to_be_played(std::size_t job) const;
    /// Makes the job ready if it does not wait for its resource group.
    void queue_if_pending(std::size_t job);
    [[nodiscard]] bool retries(std::size_t job, const JobEnd& end) const;
    void tell(std::size_t job, const std::string& note = {});

    const Jobs& jobs_;
    PipelineOptions options_;
    StateObserver& observer_;
    pipeline::state::PipelineState process_;
    std::deque<std::size_t> ready_;
    std::set<std::size_t> waiting_bridges_;
    bool canceled_ = false;
};

}  // namespace runner::local
