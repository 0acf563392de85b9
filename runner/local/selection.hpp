#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// Which jobs of a pipeline are run. Pure.
namespace runner::local {

/// Removes all jobs except those that `names` mean: a job by its name, or all instances of a
/// parallel job by its definition's. With `needs` the jobs that they need stay too, directly or
/// not. A named job runs at once, also when it is manual, delayed or on_failure. kNotFound for an
/// unknown name, with the most similar known one, and for a job that the rules left out, with the
/// reason.
base::Result<void> select_jobs(pipeline::plan::Pipeline& pipeline,
                               const std::vector<std::string>& names, bool needs);

}  // namespace runner::local
