#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::spec {

/// One configuration file: its `spec` header and its content.
struct Document {
    bool has_header = false;
    yaml::Value header;   ///< the map under `spec`; null when it is empty
    yaml::Value content;  ///< always a map
};

/// Splits a file into header and content, and loads both. `file` is the index that marks carry.
Checked<Document> read_document(std::string_view text, std::uint16_t file);

/// Returns the input definitions (a map) in the files that a header's `spec:include` names.
using IncludedInputs = std::function<Checked<yaml::Value>(const yaml::Value& include)>;

/// What the blocks $[[ … ]] of a document are replaced with.
struct Arguments {
    yaml::Value inputs;   ///< the given inputs, a map; null when none are given
    yaml::Map component;  ///< the fields for $[[ component.FIELD ]]
    const variables::Collection* variables = nullptr;  ///< for `expand_vars`; may be nullptr
};

/// Checks the header and the given inputs, and returns the content with all blocks replaced.
Checked<yaml::Value> interpolate_document(const Document& document, const Arguments& arguments,
                                          const IncludedInputs& included_inputs);

}  // namespace runner::pipeline::spec
