#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline {

/// `over` laid over `base`: maps merge key by key at every depth, anything else replaces.
/// Unchanged parts are shared with the arguments.
yaml::Value deep_merge(const yaml::Value& base, const yaml::Value& over);

}  // namespace runner::pipeline
