#pragma once

#include "runner/pipeline/keywords/job.hpp"

namespace runner::pipeline::keywords {

/// Whether a top-level entry is a job (of whatever kind) rather than a keyword.
bool is_job_entry(const yaml::Value& name, const yaml::Value& value);

/// Checks a whole merged configuration and gathers what jobs inherit.
void check_root(const yaml::Value& root, Edition edition, Defaults& defaults, Report& report);

}  // namespace runner::pipeline::keywords
