#pragma once

#include <optional>

#include "runner/pipeline/plan/configuration.hpp"

namespace runner::pipeline::plan {

/// Checks what only all jobs together show: that stages exist, that needs, dependencies and
/// `environment:on_stop` name suitable jobs, and that needs have no cycle. Returns the first
/// problem, as GitLab does.
std::optional<Problem> validate_jobs(const Configuration& configuration);

}  // namespace runner::pipeline::plan
