#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

/// Shows a created pipeline: which jobs are in it, which are left out, and why. All functions are
/// pure; they return text or JSON.
namespace runner::pipeline::view {

/// What is shown. `loaded` must be valid, and `pipeline` must have been created from it. Both must
/// outlive this object.
struct CreatedPipeline {
    const Loaded& loaded;
    const plan::Pipeline& pipeline;
};

/// A table of the jobs in the pipeline, a table of those left out, and a line with their numbers.
std::string table(const CreatedPipeline& created);

/// All about the jobs with these names, rule by rule. A name is that of a job of the file or of an
/// instance of a parallel job; without names, all jobs are shown.
std::string details(const CreatedPipeline& created, const std::vector<std::string>& names);

/// The names among `names` that are neither a job of the file nor an instance of one.
std::vector<std::string> unknown_jobs(const CreatedPipeline& created,
                                      const std::vector<std::string>& names);

/// The content of table() and details() as one JSON object; without names, of all jobs.
nlohmann::ordered_json to_json(const CreatedPipeline& created,
                               const std::vector<std::string>& names);

/// A Graphviz graph: a cluster for each stage, an arrow for each need, and an arrow from stage to
/// stage for jobs without `needs`.
std::string dot(const CreatedPipeline& created);
/// The same graph as a Mermaid flowchart, which GitLab displays in Markdown.
std::string mermaid(const CreatedPipeline& created);

}  // namespace runner::pipeline::view
