#pragma once

#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// What a plain scalar means, as GitLab's parser reads YAML 1.1: yes/no/on/off are booleans, 012 is
/// ten, 12:30 is 45000 (its own reading of base sixty), ":word" is a symbol, 1e3 stays text.
/// Dates and times are refused, as there.
Checked<Value> resolve_plain(std::string_view text, Mark mark);

}  // namespace runner::pipeline::yaml
