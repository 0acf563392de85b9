#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/task.hpp"
#include "runner/local/exec_context.hpp"
#include "runner/local/job_results.hpp"
#include "runner/local/pipeline_rows.hpp"
#include "runner/local/planned_pipeline.hpp"

namespace runner::local {

/// Runs the jobs of one pipeline that have a script. `position` is a job's place in the pipeline.
///
/// Life: run() once for each attempt of a job, any number of jobs at the same time; stop_all() at
/// any time. Strand: the I/O thread. All references outlive it.
class ScriptJobs {
  public:
    ScriptJobs(const boost::asio::any_io_executor& executor, ExecContext& context,
               const PlannedPipeline& planned, JobResults& results, PipelineRows& rows)
        : executor_(executor),
          context_(context),
          planned_(planned),
          results_(results),
          rows_(rows) {}

    /// A job that cannot be made ends as a system failure, and its log says why.
    base::Task<JobEnd> run(std::size_t position);
    /// Asks the jobs that run to end, and those that are started later.
    void stop_all();

  private:
    base::Result<std::unique_ptr<job::JobRun>> make(std::size_t position);
    base::Result<protocol::gitlab::JobPayload> payload_of(std::size_t position);
    std::unique_ptr<job::JobChannel> channel_for(std::size_t position, std::int64_t job_id,
                                                 trace::MaskOptions secrets);
    base::Task<void> offer_shell(std::size_t position, const journal::Outcome& outcome);

    boost::asio::any_io_executor executor_;
    ExecContext& context_;
    const PlannedPipeline& planned_;
    JobResults& results_;
    PipelineRows& rows_;
    std::map<std::size_t, job::JobRun*> running_;  ///< by position
    bool stopped_ = false;
};

}  // namespace runner::local
