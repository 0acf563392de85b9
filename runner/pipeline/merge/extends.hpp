#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::merge {

/// Resolves `extends` in every top-level entry: its parents are merged in order, then the entry
/// itself overrides them. An entry may have at most eleven generations of ancestors. The `extends`
/// key stays in the result.
Checked<yaml::Value> resolve_extends(const yaml::Value& root);

}  // namespace runner::pipeline::merge
