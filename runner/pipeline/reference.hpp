#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline {

/// Puts in the place of every `!reference [a, b]` what the root has there, in its resolved form.
/// Null and false count as not found. A reference inside a list inserts a nested list.
Checked<yaml::Value> resolve_references(const yaml::Value& root);

}  // namespace runner::pipeline
