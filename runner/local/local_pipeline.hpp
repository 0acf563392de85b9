#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runner/local/child_pipelines.hpp"
#include "runner/local/exec_context.hpp"
#include "runner/local/pipeline_run.hpp"
#include "runner/local/planned_pipeline.hpp"

namespace runner::local {

/// One pipeline of a `runner exec`: the file's, or a child's. It puts its parts together: rows on
/// the display, results for later jobs, jobs with scripts, bridges, and the run that orders them.
///
/// Life: load() makes it, run() once, stop() at any time. Strand: the I/O thread. `context`
/// outlives it.
class LocalPipeline final : public ChildPipeline, private JobStarter {
  public:
    /// Finds everything that can be wrong before the first job. Messages have GitLab's words and
    /// the place. `source` gives included files during the call.
    static base::Result<std::shared_ptr<LocalPipeline>> load(
        const boost::asio::any_io_executor& executor, ExecContext& context,
        PipelineDescription description, pipeline::include::Source& source);
    ~LocalPipeline() override;

    base::Task<pipeline::state::Status> run() override;
    void stop() override;

    [[nodiscard]] std::size_t size() const { return planned_->jobs().size(); }
    /// More than one job's log is to be shown.
    [[nodiscard]] bool has_many_logs() const { return size() != 1 || planned_->job(0).bridge; }
    /// How the job that ended last did end.
    [[nodiscard]] const JobEnd& last_end() const { return last_end_; }
    /// A sentence for each job that was named on the command line and did not run. Asked after
    /// run().
    [[nodiscard]] std::vector<std::string> left_undone() const;

  private:
    struct Parts;

    LocalPipeline(const boost::asio::any_io_executor& executor, ExecContext& context,
                  std::unique_ptr<const PlannedPipeline> planned);

    base::Task<JobEnd> run(std::size_t job) override;
    void stop_all() override;

    boost::asio::any_io_executor executor_;
    ExecContext& context_;
    std::unique_ptr<const PlannedPipeline> planned_;
    std::unique_ptr<Parts> parts_;  ///< from run() on
    JobEnd last_end_;
    bool stopped_ = false;
};

}  // namespace runner::local
