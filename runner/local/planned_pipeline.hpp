#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/local/pipeline_description.hpp"
#include "runner/pipeline/include/source.hpp"
#include "runner/pipeline/state/pipeline_state.hpp"

namespace runner::local {

/// A pipeline whose configuration is loaded and whose jobs are chosen. Its jobs point into its
/// configuration, so it does not move.
struct PlannedPipeline {
    PlannedPipeline() = default;
    PlannedPipeline(const PlannedPipeline&) = delete;
    PlannedPipeline& operator=(const PlannedPipeline&) = delete;

    PipelineDescription description;
    pipeline::Loaded loaded;
    pipeline::plan::Pipeline pipeline;

    [[nodiscard]] const std::vector<pipeline::plan::PlannedJob>& jobs() const {
        return pipeline.jobs;
    }
    [[nodiscard]] const pipeline::plan::Job& job(std::size_t position) const {
        return *pipeline.jobs[position].job;
    }
};

/// Loads the configuration, creates the pipeline and leaves the jobs that the description names.
/// kInvalidInput with GitLab's words and the place for a configuration that is not valid, or a
/// pipeline that GitLab would not create; select_jobs() has the other failures.
base::Result<std::unique_ptr<PlannedPipeline>> plan_pipeline(PipelineDescription description,
                                                             pipeline::include::Source& source);

/// kInvalidInput names the first job that has no image of its own. To be asked when jobs run in
/// containers and the runner has no default image.
base::Result<void> check_images(const std::vector<pipeline::plan::PlannedJob>& jobs);

/// A sentence for each job that was named on the command line and did not run, at the end of the
/// pipeline.
std::vector<std::string> jobs_left_undone(const PlannedPipeline& planned,
                                          const pipeline::state::PipelineState& process);

}  // namespace runner::local
