#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// What a tree may weigh before and after includes, extends and references: several times of what
/// GitLab allows, and what can be walked in well under a second.
inline constexpr std::uint64_t kMostNodes = 1'000'000;
inline constexpr std::uint32_t kDeepest = 200;

/// GitLab's words for what is beyond these.
inline constexpr std::string_view kTooBig = "The parsed YAML is too big";

/// The value, or the problem that it has become too heavy or too deep by what was put together.
Checked<Value> bounded(Value value);

struct LoadLimits {
    std::size_t text_bytes = 2u << 20;
    std::uint64_t parsed_bytes = 2u << 20;  ///< as GitLab's language would hold what was read
    std::uint64_t nodes = kMostNodes;       ///< see Value::weight()
    std::uint32_t depth = 100;              ///< lists and maps within each other
};

/// Reads one YAML document with the meaning GitLab's loader gives it. `first_line` is the line of
/// the file on which `text` begins (from 1), `file` the index that marks carry.
/// Syntax problems have the texts of GitLab's parser; their place is where the trouble was noticed,
/// while the text names, as GitLab's does, where the construct around it began.
Checked<Value> load(std::string_view text, std::uint16_t file = 0, std::uint32_t first_line = 1,
                    const LoadLimits& limits = {});

}  // namespace runner::pipeline::yaml
