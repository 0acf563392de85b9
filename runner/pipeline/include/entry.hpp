#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::include {

/// The kinds of `include`.
enum class Kind { kLocal, kProject, kRemote, kTemplate, kComponent, kArtifact };

/// One file to include.
struct Entry {
    Kind kind = Kind::kLocal;
    std::string location;  ///< a path, URL or name
    std::string project;
    std::string ref;
    std::string integrity;
    bool is_text = true;  ///< false: the location in the file is not a string
    yaml::Value inputs;   ///< null: no inputs are given
    yaml::Value rules;    ///< null: the entry has no rules
    Mark mark;
};

std::string_view to_string(Kind kind);

// From an `include` to its entries. GitLab does each step for all locations of a list before the
// next step, which decides about the first problem: locations_of(), check_rules() and the rules,
// per_file() and wildcards, with_expanded_texts(), match_location().

/// Returns a text with its variables replaced.
using Expand = std::function<std::string(const std::string&)>;

/// The locations of an `include`, which is a text, a map, or a list of both. Each is a map: a text
/// becomes `local: text` or `remote: text`.
Checked<std::vector<yaml::Value>> locations_of(const yaml::Value& include, const Expand& expand);

/// The form of a location's `rules`.
std::optional<Problem> check_rules(const yaml::Value& location);

/// A location with `project` may list several files: a location for each.
std::vector<yaml::Value> per_file(const yaml::Value& location);
/// The location with another `local`.
yaml::Value with_path(const yaml::Value& location, const std::string& path);
/// Variables are expanded in texts and lists of texts, not in maps such as `inputs`.
yaml::Value with_expanded_texts(const yaml::Value& location, const Expand& expand);

/// Decides by the keys of a location of which kind it is.
Checked<Entry> match_location(const yaml::Value& location);

/// Whether the text is an HTTP(S) URL.
bool is_url(std::string_view text);
bool has_yaml_extension(std::string_view path);

}  // namespace runner::pipeline::include
