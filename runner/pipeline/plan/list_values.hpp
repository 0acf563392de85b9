#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// A valid merged configuration as GitLab prints it. Where a job or `default` gives one value for
/// something that may be a list (a report, an exit code, a reason of `retry`), GitLab has made a
/// list of it; the artifacts of a Pages job have `paths`.
yaml::Value with_list_values(const yaml::Value& root);

}  // namespace runner::pipeline::plan
