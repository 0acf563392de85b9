#pragma once

#include <string_view>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// The value of a plain (unquoted) scalar, as GitLab's parser (Ruby's Psych) reads YAML 1.1:
/// yes/no/on/off are booleans, 012 is ten (octal), 12:30 is 45000 (a base sixty number whose first
/// part counts hours), ":word" is a symbol, 1e3 is a text. Dates and times are a problem, because
/// GitLab refuses them.
Checked<Value> resolve_plain(std::string_view text, Mark mark);

}  // namespace runner::pipeline::yaml
