#pragma once

#include "runner/pipeline/keywords/job.hpp"

namespace runner::pipeline::keywords {

/// Checks a trigger job (GitLab calls it a bridge).
void check_bridge(const yaml::Value& name, const yaml::Value& value, const JobContext& context,
                  const KeyPath& key_path, Report& report);

}  // namespace runner::pipeline::keywords
