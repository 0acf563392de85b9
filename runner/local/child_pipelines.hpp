#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/task_group.hpp"
#include "runner/local/artifact_includes.hpp"
#include "runner/local/job_end.hpp"
#include "runner/local/job_results.hpp"
#include "runner/local/pipeline_rows.hpp"
#include "runner/local/planned_pipeline.hpp"

namespace runner::local {

/// A pipeline that a bridge has created. stop() may be called at any time, run() once.
class ChildPipeline {
  public:
    virtual ~ChildPipeline() = default;
    virtual base::Task<pipeline::state::Status> run() = 0;
    virtual void stop() = 0;
};

/// Runs the bridges of one pipeline. `position` is a job's place in the pipeline.
///
/// Life: run() any number of times, then wait(), which ends with the last child; stop_all() at any
/// time. Strand: the I/O thread. All references outlive it.
class ChildPipelines {
  public:
    /// What bridges need from outside.
    struct Environment {
        /// Loads a child pipeline. A failure says why GitLab would not create it. The source gives
        /// included files during the call.
        std::function<base::Result<std::shared_ptr<ChildPipeline>>(PipelineDescription,
                                                                   pipeline::include::Source&)>
            load;
        std::function<std::int64_t()> next_id;
        /// Shows lines that belong to no job's log.
        std::function<void(const std::string&)> say;
        /// Gives the files that no job has made; outlives this object.
        pipeline::include::Source& source;
    };

    ChildPipelines(const boost::asio::any_io_executor& executor, const PlannedPipeline& planned,
                   JobResults& results, PipelineRows& rows, Environment environment)
        : executor_(executor),
          planned_(planned),
          results_(results),
          rows_(rows),
          environment_(std::move(environment)),
          unawaited_(executor) {}

    /// The end of the bridge: with `strategy` when its child has ended or waits for a manual job,
    /// else when the child has been created. A bridge to another project is skipped.
    base::Task<JobEnd> run(std::size_t position);
    /// Returns when no child runs that its bridge did not wait for.
    base::Task<void> wait() { return unawaited_.wait(); }
    /// Stops the children that run, and those that are created later.
    void stop_all();

  private:
    /// Null when the child cannot be created; the reason has been shown.
    base::Task<std::shared_ptr<ChildPipeline>> create(std::size_t position);
    base::Task<base::Result<void>> add_files_of_jobs(std::size_t position, ArtifactSource& source);
    base::Task<pipeline::state::Status> run_to_end(std::shared_ptr<ChildPipeline> child);
    base::Task<void> run_unawaited(std::size_t position, std::shared_ptr<ChildPipeline> child);

    boost::asio::any_io_executor executor_;
    const PlannedPipeline& planned_;
    JobResults& results_;
    PipelineRows& rows_;
    Environment environment_;
    std::set<ChildPipeline*> running_;
    bool stopped_ = false;
    base::TaskGroup unawaited_;  ///< children that no bridge waits for
};

}  // namespace runner::local
