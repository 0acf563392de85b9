#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/plan/configuration.hpp"

namespace runner::pipeline::plan {

/// Replaces each $[[ matrix.NAME ]] in the needs of one instance of a parallel job by the value
/// that the variable has in this instance. `job` is the job's name in the file, for messages.
Checked<yaml::Value> interpolate_matrix(
    const std::string& job, const yaml::Value& needs,
    const std::vector<std::pair<std::string, std::string>>& matrix);

struct ExpandedNeeds {
    std::vector<Need> needs;          ///< jobs of the same pipeline, parallel ones expanded
    std::vector<yaml::Value> others;  ///< needs of other pipelines and projects, as in the file
};

/// The needs of a job; `needs` is a text, a map or a list of them.
ExpandedNeeds expand_needs(const yaml::Value& needs, const ParallelNames& parallel);

}  // namespace runner::pipeline::plan
