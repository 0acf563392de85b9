#pragma once

#include <string_view>
#include <unordered_set>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/variables/collection.hpp"

/// What makes GitLab refuse a pipeline whose jobs are chosen.
namespace runner::pipeline::plan {

using JobNames = std::unordered_set<std::string_view>;

/// The needs that the job itself names must be in the pipeline, except optional ones; GitLab checks
/// them also when the matching rule replaces them.
void check_needs(const Job& job, const JobNames& present, Problems& problems);

/// Variables must not refer to each other in a cycle. `variables` are those of the configuration
/// for this job, without those of its rule. The limit of the length is ours.
void check_variables(const Job& job, const variables::Collection& variables, Problems& problems);

/// The name of a pipeline, with variables expanded.
void check_pipeline_name(const std::string& name, Mark mark, Problems& problems);

/// Jobs in `.pre` and `.post` alone are not a pipeline. `hidden` is what GitLab does not tell: why
/// there are no others; it becomes the hint.
void check_not_empty(const std::vector<std::string>& stages, const std::string& hidden,
                     Problems& problems);

}  // namespace runner::pipeline::plan
