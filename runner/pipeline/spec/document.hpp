#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runner/pipeline/spec/inputs.hpp"
#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::spec {

/// One configuration file, split into documents, its header taken off.
struct Document {
    bool has_header = false;
    yaml::Value header;   ///< the map under `spec`, null when empty
    yaml::Value content;  ///< a map
};

/// Splits and reads a file; every part must be loadable.
Checked<Document> read_document(std::string_view text, std::uint16_t file);

/// Gives the inputs that a `spec:include` entry stands for (a map of definitions).
using IncludeInputs = std::function<Checked<yaml::Value>(const yaml::Value& include)>;

struct Arguments {
    yaml::Value inputs;   ///< what the includer gives; null when nothing was said
    yaml::Map component;  ///< fields for $[[ component.x ]]
    const variables::Collection* variables = nullptr;
};

/// The content with its inputs filled in.
Checked<yaml::Value> fill_in(const Document& document, const Arguments& arguments,
                             const IncludeInputs& include_inputs);

}  // namespace runner::pipeline::spec
