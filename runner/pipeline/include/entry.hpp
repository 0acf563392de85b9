#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::include {

/// The kinds of `include`.
enum class Kind { kLocal, kProject, kRemote, kTemplate, kComponent, kArtifact };

/// One file to include. Its form has been checked; an entry of `include` that lists several files
/// has become several of these.
struct Entry {
    Kind kind = Kind::kLocal;
    std::string location;  ///< a path, URL or name; parse_entries() does not expand variables
    std::string project;
    std::string ref;
    std::string integrity;
    bool is_text = true;  ///< false: the location in the file is not a string
    yaml::Value inputs;   ///< null: no inputs are given
    yaml::Value rules;    ///< null: the entry has no rules
    Mark mark;
};

std::string_view to_string(Kind kind);

/// The entries of an `include`, which is a text, a map, or a list of both.
Checked<std::vector<Entry>> parse_entries(const yaml::Value& include);

/// Whether the text is an HTTP(S) URL.
bool is_url(std::string_view text);
bool has_yaml_extension(std::string_view path);

}  // namespace runner::pipeline::include
