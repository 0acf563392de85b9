#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "runner/pipeline/plan/create.hpp"
#include "runner/pipeline/state/pipeline_state.hpp"

namespace runner::local {

/// How one run of a job ended. kManual: a bridge goes on waiting for its child, which waits for
/// somebody to play a job.
struct JobEnd {
    pipeline::state::Status status = pipeline::state::Status::kSuccess;
    std::string reason;  ///< GitLab's word: script_failure, …
    std::optional<int> exit_code;
    std::string note;  ///< for the closing table: "exit code 3"
};

/// How a message begins: the log has the whole, a table has room for a sentence.
std::string note_of(const std::string& message);

/// What happens in a pipeline, for whoever shows it. `job` is the job's position in the pipeline.
class PipelineObserver {
  public:
    virtual ~PipelineObserver() = default;
    virtual void on_state(std::size_t job, pipeline::state::Status status,
                          const std::string& note) = 0;
    /// Which of these manual jobs to play; none: that was all.
    virtual base::Task<std::vector<std::size_t>> choose(const std::vector<std::size_t>& manual) = 0;
};

/// Runs jobs; the pipeline decides when.
class JobStarter {
  public:
    virtual ~JobStarter() = default;
    /// `attempt` counts from 0. Answers when everything of the job is gone.
    virtual base::Task<JobEnd> run(std::size_t job, int attempt) = 0;
    /// Asks those that run to end; they answer kCanceled.
    virtual void stop_all() = 0;
};

/// How many jobs run at once on this machine and which resource groups they hold, over all
/// pipelines of one call, and the one place where somebody who waits for anything of them is woken.
struct Capacity {
    Capacity(const boost::asio::any_io_executor& executor, int jobs)
        : free(jobs), changed(executor) {}
    int free;
    int busy = 0;
    std::set<std::string> held_groups{};  ///< not by bridges: a child never waits for its own
    bool asking = false;
    base::Notifier changed;
};

struct PipelineWishes {
    std::set<std::string> play{};  ///< manual jobs to play without asking, by name or by definition
    std::string
        prefix{};  ///< "child / ": a name in `play` with it means a job of this pipeline only
    bool play_all = false;
    bool interactive = false;  ///< somebody can be asked
    bool wait_for_delays = true;
    bool cancel_on_failure = false;  ///< workflow:auto_cancel:on_job_failure: all
};

/// Whether `names` has the job's name or its definition's, alone or as the display has it.
bool is_named(const std::set<std::string>& names, const std::string& prefix,
              const pipeline::plan::Job& job);

/// Carries a planned pipeline out: the state machine decides what is ready, this starts it.
///
/// Life: run() once, to its end; stop() at any time. Strand: the I/O thread. `jobs`, `starter`,
/// `observer` and `capacity` outlive it; of `request` only the constructor reads.
class PipelineRun {
  public:
    using Jobs = std::vector<pipeline::plan::PlannedJob>;

    PipelineRun(const boost::asio::any_io_executor& executor, const Jobs& jobs,
                const std::vector<std::string>& stages,
                const pipeline::plan::CreateRequest& request, PipelineWishes wishes,
                JobStarter& starter, PipelineObserver& observer, Capacity& capacity);

    base::Task<void> run();
    /// Cancels what waits, and asks what runs to end.
    void stop();

    [[nodiscard]] const pipeline::state::PipelineState& process() const { return process_; }

  private:
    void take(const std::vector<pipeline::state::Step>& steps);
    void start_ready();
    [[nodiscard]] bool has_room_for(std::size_t job) const;
    void occupy(std::size_t job);
    void give_back(std::size_t job);
    void queue_if_pending(std::size_t job);
    void play(std::size_t job);
    void tell(std::size_t job, const std::string& note = {});
    [[nodiscard]] bool wanted(std::size_t job) const;
    [[nodiscard]] std::vector<std::size_t> waiting_for_play() const;
    base::Task<bool> ask();
    base::Task<void> run_job(std::size_t job);
    base::Task<void> wait_delay(std::size_t job, std::chrono::seconds delay);
    void judge(std::size_t job, const JobEnd& end);

    const Jobs& jobs_;
    PipelineWishes wishes_;
    JobStarter& starter_;
    PipelineObserver& observer_;
    Capacity& capacity_;
    pipeline::state::PipelineState process_;
    std::vector<std::size_t> ready_;
    std::set<std::size_t> waiting_bridges_;
    std::size_t running_ = 0;
    std::size_t ends_ = 0;  ///< of jobs, so far
    std::size_t delays_ = 0;
    bool stopped_ = false;
    base::TaskGroup timers_;
    base::TaskGroup group_;
};

}  // namespace runner::local
