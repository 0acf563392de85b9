#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::include {

enum class Kind { kLocal, kProject, kRemote, kTemplate, kComponent, kArtifact };

/// One file to include, its shape checked and its lists of files taken apart.
struct Entry {
    Kind kind = Kind::kLocal;
    std::string location;  ///< path, address or name, variables not expanded yet
    std::string project;
    std::string ref;
    std::string integrity;
    bool is_text = true;  ///< false: the location was written as something else
    yaml::Value inputs;   ///< null: none given
    yaml::Value rules;    ///< null: none
    Mark mark;
};

std::string_view to_string(Kind kind);

/// The entries of an `include`: text, a map, or a list of both.
Checked<std::vector<Entry>> parse_entries(const yaml::Value& include);

bool is_address(std::string_view text);  ///< "https://host/…"
bool has_yaml_extension(std::string_view path);

}  // namespace runner::pipeline::include
