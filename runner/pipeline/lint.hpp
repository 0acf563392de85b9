#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::pipeline {

/// The answer of GitLab's CI Lint API for a loaded configuration: valid, errors, warnings,
/// merged_yaml, includes, jobs. When `pipeline` is not nullptr, it is the answer of a dry run: it
/// lists the jobs of the pipeline and contains its errors. `with_positions` adds what GitLab does
/// not tell: file, line and column of each error and warning.
nlohmann::ordered_json lint_json(const Loaded& loaded, const plan::Pipeline* pipeline,
                                 bool with_positions);

/// A problem as text: the message with its position, the line, and a caret under the column.
std::string describe(const Problem& problem, const Loaded& loaded);

}  // namespace runner::pipeline
