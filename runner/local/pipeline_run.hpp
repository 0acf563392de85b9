#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "runner/local/capacity.hpp"
#include "runner/local/job_scheduler.hpp"

namespace runner::local {

/// Asks the user which manual jobs to play.
class ManualJobChooser {
  public:
    virtual ~ManualJobChooser() = default;
    /// `manual` are positions in the pipeline. An empty answer: none of them, and the pipeline
    /// ends.
    virtual base::Task<std::vector<std::size_t>> choose(const std::vector<std::size_t>& manual) = 0;
};

/// Runs jobs; the pipeline decides when.
class JobStarter {
  public:
    virtual ~JobStarter() = default;
    /// Answers when nothing of the job is left.
    virtual base::Task<JobEnd> run(std::size_t job) = 0;
    /// Asks the jobs that run to end; they answer kCanceled.
    virtual void stop_all() = 0;
};

/// Carries a planned pipeline out: JobScheduler decides which job is next, this class starts it
/// when there is room, waits for its end, and for delays.
///
/// Life: run() once, to its end; stop() at any time. Strand: the I/O thread. All references
/// outlive it.
class PipelineRun {
  public:
    using Jobs = JobScheduler::Jobs;
    /// The objects around the run.
    struct Environment {
        JobStarter& starter;
        StateObserver& observer;
        ManualJobChooser& chooser;
        Capacity& capacity;
    };

    PipelineRun(const boost::asio::any_io_executor& executor, const Jobs& jobs,
                const std::vector<std::string>& stages, const PipelineOptions& options,
                Environment environment);

    base::Task<void> run();
    /// Cancels the jobs that wait, and asks those that run to end.
    void stop();

    [[nodiscard]] const pipeline::state::PipelineState& process() const {
        return scheduler_.process();
    }

  private:
    void begin(const std::vector<JobScheduler::Delay>& delays);
    void start_ready();
    [[nodiscard]] const std::string& resource_group(std::size_t job) const;
    [[nodiscard]] bool is_idle() const;
    base::Task<bool> ask();
    base::Task<void> run_job(std::size_t job);
    base::Task<void> wait_delay(JobScheduler::Delay delay);

    const Jobs& jobs_;
    Environment environment_;
    JobScheduler scheduler_;
    bool interactive_;
    std::size_t running_ = 0;
    std::size_t ended_ = 0;   ///< jobs that have ended so far, each attempt counted
    std::size_t delays_ = 0;  ///< that run now
    bool stopped_ = false;
    base::TaskGroup timers_;
    base::TaskGroup group_;
};

}  // namespace runner::local
