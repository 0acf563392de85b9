#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// What a job gets of the jobs before it (ci-yaml.md §2.11). Pure.
namespace runner::local {

/// Positions of the jobs whose artifacts the job at `position` receives, in the pipeline's order:
/// those of `dependencies`, else its needs with artifacts, else all of earlier stages.
std::vector<std::size_t> jobs_to_download(const pipeline::plan::Pipeline& pipeline,
                                          std::size_t position);

/// Variables of a dotenv report. kInvalidInput, with the line, for text that GitLab would refuse as
/// well.
base::Result<std::vector<pipeline::variables::Variable>> parse_dotenv(std::string_view text);

}  // namespace runner::local
