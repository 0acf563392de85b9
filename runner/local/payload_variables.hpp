#pragma once

#include <vector>

#include "runner/local/payload.hpp"

/// The variables of a job of a local pipeline, in the order of GitLab's precedence. Pure.
namespace runner::local {

/// Predefined variables of the pipeline, CI_PIPELINE_ID and CI_PIPELINE_URL included.
pipeline::variables::Collection pipeline_variables(const PipelineInfo& info);

/// The variables that a job's keywords can use before the job is handed out: `predefined` of the
/// pipeline, those of the job and the file, `inherited` of dotenv reports, and those `given` for
/// this run; later ones win. Not expanded.
pipeline::variables::Collection known_to(
    const pipeline::plan::PlannedJob& planned, const pipeline::variables::Collection& predefined,
    const std::vector<pipeline::variables::Variable>& inherited,
    const pipeline::variables::Collection& given);

/// All variables of the payload, expanded among each other as GitLab does it. References to
/// undefined variables stay as they are, for the job to expand.
pipeline::variables::Collection payload_variables(const PayloadRequest& request);

}  // namespace runner::local
