#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "runner/doctor/context.hpp"
#include "runner/doctor/job_report.hpp"
#include "runner/job/job_run.hpp"
#include "runner/local/job_factory.hpp"

namespace runner::doctor {

/// Runs one job for each runner, one after the other, through the same executor as jobs of GitLab:
/// what is measured is what they meet. Nothing is left of it, whatever happens.
///
/// Life: begin(), then any number of report(); stop() at any time; wait() before the destructor.
/// Strand: the I/O thread. `context` outlives it.
class DoctorJobs {
  public:
    DoctorJobs(const Context& context, std::filesystem::path directory);

    void begin();
    /// Waits for the end of the job of one runner.
    base::Task<base::Result<JobReport>> report(const config::RunnerConfig& runner);
    /// Ends the running job and begins no other.
    void stop();
    base::Task<void> wait() { return group_.wait(); }

  private:
    base::Task<void> run_all();
    base::Task<JobReport> run(const config::RunnerConfig& runner);
    /// Stops a job that takes too long.
    base::Task<void> limit(job::JobRun& run);
    base::Task<std::string> engine_id(const config::RunnerConfig& runner);
    static base::Task<void> note_environment(const job::JobRun& run, JobReport& report);
    base::Task<void> remove_pushed(const config::RunnerConfig& runner);

    const Context& context_;
    std::filesystem::path directory_;
    std::map<const config::RunnerConfig*, JobReport> reports_;
    base::Notifier changed_;
    job::JobRun* running_ = nullptr;
    bool stopped_ = false;
    base::TaskGroup group_;
};

}  // namespace runner::doctor
