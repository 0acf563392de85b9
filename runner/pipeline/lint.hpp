#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::pipeline {

/// The answer of GitLab's CI Lint API for a loaded configuration: valid, errors, warnings,
/// merged_yaml, includes, jobs. With `pipeline` it is that of a dry run: the jobs are those of the
/// pipeline, and its errors count. `places` adds what GitLab does not give: file, line and column
/// of each error.
nlohmann::ordered_json lint_json(const Loaded& loaded, const plan::Pipeline* pipeline, bool places);

/// One problem as text with the offending line and a caret under the place.
std::string describe(const Problem& problem, const Loaded& loaded);

}  // namespace runner::pipeline
