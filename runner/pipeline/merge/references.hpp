#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::merge {

/// Replaces every `!reference [a, b]` by the value of key b in top-level entry a, in which
/// references are resolved, too. Null and false count as not found. A reference that is the item of
/// a list becomes a nested list.
Checked<yaml::Value> resolve_references(const yaml::Value& root);

}  // namespace runner::pipeline::merge
