#pragma once

#include <cstdint>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {

/// The number of bytes that a value would take in the memory of Ruby, in which GitLab is written.
/// GitLab limits this size, so it decides which files are too big. A value that several aliases
/// refer to counts each time. Counting stops above `most`; the result is then some number above
/// `most`.
std::uint64_t ruby_size(const Value& value, std::uint64_t most);

}  // namespace runner::pipeline::yaml
