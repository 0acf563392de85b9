#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::state {

/// Whether a failed job is retried automatically (ci-yaml.md §5.6). `config` is the job's `retry`
/// (null: not given), `reason` is GitLab's failure reason ("script_failure"), `retries` is the
/// number of retries so far.
bool should_retry(const yaml::Value& config, std::string_view reason, std::optional<int> exit_code,
                  int retries);

}  // namespace runner::pipeline::state
