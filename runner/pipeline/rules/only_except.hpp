#pragma once

#include <string>

#include "runner/pipeline/rules/evaluate.hpp"

namespace runner::pipeline::rules {

/// What `only` and `except` ask about the pipeline itself. (Not about its jobs.)
struct PipelineInfo {
    /// The name of the branch or tag; for a merge request, of the source branch.
    std::string ref;
    std::string source;        ///< "push", "web", "merge_request_event", …
    std::string project_path;  ///< for patterns like main@group/project; "" matches no project
    bool is_tag = false;
    bool is_merge_request = false;
    bool kubernetes = false;  ///< whether the project has an active Kubernetes cluster
};

/// Whether a job with this `only` and `except` (nullptr: not given) is part of the pipeline.
/// Without `only`, and when `only` is a map without `refs`, the job runs for branches and tags.
Verdict evaluate_only_except(const yaml::Value* only, const yaml::Value* except,
                             const PipelineInfo& pipeline, const Context& context);

}  // namespace runner::pipeline::rules
