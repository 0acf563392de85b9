#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::state {

/// Whether a failed job is run again by itself. `config` is the job's `retry` (null: none given),
/// `reason` GitLab's failure reason, `retries` how often it was run again so far.
bool should_retry(const yaml::Value& config, std::string_view reason, std::optional<int> exit_code,
                  int retries);

}  // namespace runner::pipeline::state
