#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::merge {

/// The value with the entries of each map in GitLab's order: those whose key is a text come first.
/// (GitLab copies its configuration with a function that takes other keys out and adds them again:
/// `on:` is the boolean true, and `2:` a number.)
yaml::Value with_text_keys_first(const yaml::Value& value);

}  // namespace runner::pipeline::merge
