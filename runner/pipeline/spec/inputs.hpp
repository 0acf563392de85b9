#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/keywords/report.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::spec {

/// One entry of `spec:inputs` (or of a job's `inputs`).
struct InputSpec {
    std::string name;
    std::string type = "string";
    yaml::Value definition;  ///< the map as written; may be null

    [[nodiscard]] bool required() const;
};

/// The values of all inputs, or what is wrong with them (texts without a place of their own).
struct ResolvedInputs {
    yaml::Map values;
    std::vector<std::string> errors;
};

/// Checks a definition's shape; `place` names the input ("header:spec:inputs:NAME").
void check_input(const yaml::Value& definition, const keywords::Place& place,
                 keywords::Report& report);

/// What is wrong with a value, "" when nothing: "`a` input: provided value is not a number".
/// `role` is "default" or "provided".
std::string check_value(const InputSpec& spec, const yaml::Value& value, const char* role,
                        const yaml::Value* options);

ResolvedInputs resolve_inputs(const std::vector<InputSpec>& specs, const yaml::Value& given);

}  // namespace runner::pipeline::spec
