#pragma once

#include <optional>
#include <string>

#include "runner/pipeline/yaml/value.hpp"

/// The inputs of a configuration file (`spec:inputs`) or of a job (`inputs`): their types, and the
/// values they get.
namespace runner::pipeline::inputs {

/// One declared input.
struct InputSpec {
    std::string name;
    std::string type = "string";  ///< "string", "number", "boolean" or "array"
    yaml::Value definition;       ///< the map in the file; null when the input has no properties
};

/// Which of an input's values a message is about.
enum class ValueRole { kDefault, kProvided };

/// The declaration of the input `name` with this definition.
InputSpec input_spec(std::string name, const yaml::Value& definition);

/// The value converted to the input's type; nothing when it cannot be converted.
std::optional<yaml::Value> coerce(const std::string& type, const yaml::Value& value);

/// What is wrong with a value: "`a` input: provided value is not a number". Returns "" when the
/// value is valid. `options` are the allowed values, nullptr when any value is allowed.
std::string check_value(const InputSpec& spec, const yaml::Value& value, ValueRole role,
                        const yaml::Value* options);

/// Adds the definitions of one file to those of other files. Returns a problem when an input is
/// defined twice.
std::optional<Problem> add_definitions(const yaml::Value& definitions, yaml::Map& all);

}  // namespace runner::pipeline::inputs
