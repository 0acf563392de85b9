#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

/// A created pipeline for people and for programs: what is in, what is out, and why. Pure: text
/// out.
namespace runner::pipeline::view {

/// What is shown. `loaded` must be valid; `pipeline` made of it.
struct CreatedPipeline {
    const Loaded& loaded;
    const plan::Pipeline& pipeline;
};

/// A table of the jobs that are in, one of those that are out, and a line of counts.
std::string table(const CreatedPipeline& shown);

/// Everything about the jobs with these names (of the file or of instances), rule by rule.
std::string details(const CreatedPipeline& shown, const std::vector<std::string>& names);

/// Names among `names` that are no job of the file, nor an instance of one.
std::vector<std::string> unknown_jobs(const CreatedPipeline& shown,
                                      const std::vector<std::string>& names);

/// The same as one JSON object; `names` empty: all jobs.
nlohmann::ordered_json to_json(const CreatedPipeline& shown, const std::vector<std::string>& names);

/// Graphviz: a cluster for each stage, an arrow for each need, an arrow from stage to stage for
/// jobs that follow stages.
std::string dot(const CreatedPipeline& shown);
/// The same as a Mermaid flowchart, which GitLab's Markdown shows.
std::string mermaid(const CreatedPipeline& shown);

}  // namespace runner::pipeline::view
