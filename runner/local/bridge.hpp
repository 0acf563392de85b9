#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/local/job_end.hpp"
#include "runner/local/pipeline_description.hpp"

/// Bridges: jobs that create a child pipeline, and how its state becomes theirs. Pure.
namespace runner::local {

/// Whether the job creates a pipeline of this project (`trigger:include`), which can run locally.
/// Pipelines of other projects cannot.
bool starts_a_child(const pipeline::plan::Job& job);

/// Whether the bridge waits for its child pipeline (`trigger:strategy`).
bool waits_for_child(const pipeline::plan::Job& bridge);

/// What is said on the bridge's row about a child that has come to rest; "" for success.
std::string note_of_child(pipeline::state::Status child);

/// The end of a bridge that waits, once nothing more can run in its child. While a manual job
/// blocks the child, the bridge is manual too.
JobEnd end_of_bridge(pipeline::state::Status child);

/// New ids for one child pipeline.
struct ChildIds {
    std::int64_t pipeline = 0;
    std::int64_t bridge = 0;
};

/// The child pipeline of a bridge, with the variables that `trigger:forward` lets through: those of
/// the pipeline win over dotenv reports (`inherited`), and these over the file's. All are expanded
/// with what the bridge sees. `artifact:` includes become `local:` ones (see ArtifactSource).
PipelineDescription describe_child(const PipelineDescription& parent,
                                   const pipeline::plan::PlannedJob& bridge,
                                   const std::vector<pipeline::variables::Variable>& inherited,
                                   ChildIds ids);

}  // namespace runner::local
