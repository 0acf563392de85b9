#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// What a job gets of the jobs before it (ci-yaml.md §2.11). Pure.
namespace runner::local {

/// As much of a report is unpacked; one that is larger is refused without a look at it.
inline constexpr std::size_t kLargestReportBytes = 64 * 1024;

/// Positions of the jobs whose artifacts the job at `position` receives, in the pipeline's order:
/// those of `dependencies`, else its needs with artifacts, else all of earlier stages.
std::vector<std::size_t> jobs_to_download(const pipeline::plan::Pipeline& pipeline,
                                          std::size_t position);

/// Variables of a dotenv report, a later one of a name in the place of an earlier; values are as
/// written (quotes are part of them) and refer to each other. kInvalidInput with GitLab's words,
/// and the line, for text that it refuses.
base::Result<std::vector<pipeline::variables::Variable>> parse_dotenv(std::string_view text);

}  // namespace runner::local
