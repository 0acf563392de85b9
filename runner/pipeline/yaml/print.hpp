#pragma once

#include <string>
#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// The value as a YAML document in the form of GitLab's `merged_yaml`: it begins with "---", is
/// indented by two, keeps the order of keys, and has no aliases.
std::string to_yaml(const Value& value);

/// The value in Ruby's notation (its method `inspect`), which GitLab's messages use: ["a", "b"],
/// {"k"=>"v"}, nil.
std::string inspect(const Value& value);

/// The text that GitLab inserts into messages of its validators: the text of a scalar; for a list
/// or map, Ruby's notation with symbols as keys ({:k=>"v"}), because validators work on such maps.
std::string interpolated(const Value& value);

/// A key as text, as Ruby's to_s prints it: a key may be a list or a map, too.
std::string key_text(const Value& key);

/// Values between commas, as Ruby's Array#join does it: lists within the list are joined, too.
std::string joined(const List& items, std::string_view separator = ", ");

/// The value as JSON text that keeps the order of keys: {"foo":"bar"}.
std::string to_json(const Value& value);

/// A text in quotes, in Ruby's notation.
std::string inspect(const std::string& text);

}  // namespace runner::pipeline::yaml
