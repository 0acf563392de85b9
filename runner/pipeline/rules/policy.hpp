#pragma once

#include <string>

#include "runner/pipeline/rules/clauses.hpp"

namespace runner::pipeline::rules {

/// What `only` and `except` ask about the pipeline itself.
struct PipelineInfo {
    std::string ref;           ///< name of branch or tag; of the source branch for merge requests
    std::string source;        ///< "push", "web", "merge_request_event", …
    std::string project_path;  ///< for patterns with @group/project; "" matches none
    bool is_tag = false;
    bool is_merge_request = false;
    bool kubernetes = false;
};

/// Whether a job with this `only` and `except` (null: not given) takes part. Without `only`, and
/// for a map without `refs`, branches and tags are meant.
Verdict evaluate_policies(const yaml::Value* only, const yaml::Value* except,
                          const PipelineInfo& pipeline, const Context& context);

}  // namespace runner::pipeline::rules
