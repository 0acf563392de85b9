#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// What a job gets from the jobs before it (ci-yaml.md §2.11). Pure.
namespace runner::local {

/// Unpacked size up to which a report is read. A larger one is refused without being parsed.
inline constexpr std::size_t kLargestReportBytes = 64 * 1024;

/// Positions of the jobs whose artifacts the job at `position` receives, in the pipeline's order:
/// those of `dependencies`, else its needs with artifacts, else all of earlier stages.
std::vector<std::size_t> jobs_to_download(const pipeline::plan::Pipeline& pipeline,
                                          std::size_t position);

/// The variables of a dotenv report. Of several with the same name the last one counts. Values are
/// taken as written, quotes included, and may refer to each other. kInvalidInput for a text that
/// GitLab refuses, with GitLab's words and the line.
base::Result<std::vector<pipeline::variables::Variable>> parse_dotenv(std::string_view text);

}  // namespace runner::local
