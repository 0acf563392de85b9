#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/inputs/input.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::inputs {

/// The values of all inputs, or what is wrong with them. The errors have no position of their own.
struct ResolvedInputs {
    yaml::Map values;
    std::vector<std::string> errors;
};

/// Gives every declared input its value: the one in `given` (null or a map), else the default of
/// the first of its rules that matches, else its own default.
ResolvedInputs resolve_inputs(const std::vector<InputSpec>& specs, const yaml::Value& given);

}  // namespace runner::pipeline::inputs
