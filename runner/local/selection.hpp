#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// Which jobs of a pipeline a call is about. Pure.
namespace runner::local {

/// Leaves the jobs that `names` mean: a job's name, or the name of a parallel job for all its
/// instances. With `needs` also what they need, directly or not. Who names a job wants it: manual,
/// delayed and on_failure ones run at once. kNotFound for an unknown name, with the one that was
/// probably meant, and for a job that the rules left out, with the reason.
base::Result<void> select_jobs(pipeline::plan::Pipeline& pipeline,
                               const std::vector<std::string>& names, bool needs);

}  // namespace runner::local
