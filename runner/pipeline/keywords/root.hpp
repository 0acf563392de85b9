#pragma once

#include "runner/pipeline/keywords/defaults.hpp"
#include "runner/pipeline/keywords/edition.hpp"

namespace runner::pipeline::keywords {

/// Checks a whole merged configuration, and collects in `defaults` what jobs inherit.
void check_root(const yaml::Value& root, Edition edition, Defaults& defaults, Report& report);

}  // namespace runner::pipeline::keywords
