#pragma once

#include <string>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// The value as a YAML document, in the form of GitLab's `merged_yaml`: "---", indent two, keys in
/// their order, no aliases.
std::string to_yaml(const Value& value);

/// Ruby's notation, which GitLab's messages use: ["a", "b"], {"k"=>"v"}, nil.
std::string inspect(const Value& value);

/// What Ruby puts into a message for a checked value: a scalar's text, or the notation above with
/// the keys as symbols ({:k=>"v"}), which GitLab has made of them by then.
std::string interpolated(const Value& value);

/// The value as JSON text, keys in their order: {"foo":"bar"}.
std::string to_json(const Value& value);

/// A quoted text in Ruby's notation.
std::string inspect(const std::string& text);

}  // namespace runner::pipeline::yaml
