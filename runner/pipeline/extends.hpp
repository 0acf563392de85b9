#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline {

/// Resolves `extends` of every top-level entry: parents first, then the entry itself laid over
/// them. A chain may have eleven ancestors. The `extends` key stays in the result.
Checked<yaml::Value> resolve_extends(const yaml::Value& root);

}  // namespace runner::pipeline
