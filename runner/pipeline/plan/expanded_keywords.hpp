#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// The keywords of a job in which GitLab expands variables when it creates the pipeline.
struct ExpandedKeywords {
    std::vector<std::string> tags;
    std::string resource_group;  ///< "": none
    yaml::Value environment;     ///< null, or a map with at least `name`
};

/// Expands the tags once with the variables with which `rules` are evaluated; variables in the
/// values of variables, and those of the matching rule, are not expanded there (GitLab does the
/// same). References to undefined variables stay.
std::vector<std::string> expanded_tags(const Job& job, const variables::Collection& seen);

/// `known` are all variables of the job, those of its rule included. In the name of the environment
/// and in the resource group undefined variables become nothing. In other keys of the environment,
/// their references stay: some variables exist only when the job runs.
std::string expanded_resource_group(const Job& job, const variables::Collection& known);
yaml::Value expanded_environment(const Job& job, const variables::Collection& known);

/// The job's keywords with the expanded ones in the place of those in the file.
yaml::Value with_expanded_keywords(const Job& job, const ExpandedKeywords& expanded);

}  // namespace runner::pipeline::plan
