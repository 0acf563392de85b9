#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::variables {

enum class Undefined {
    kEmpty,  ///< an undefined name becomes nothing
    kKeep,   ///< it stays as it is written
};

/// Longer than what a process can be given (128 KiB on Linux); where expanding stops.
inline constexpr std::size_t kLongestValue = 1 << 20;

/// Replaces $X, ${X} and %X% once; what is inserted is not looked at again. References behind the
/// first kLongestValue bytes of the result stay as they are written.
std::string expand(std::string_view text, const Collection& variables, Undefined undefined);

/// The names that `text` refers to, where $$ and %% protect.
std::vector<std::string> references(std::string_view text);

/// The values expanded in the order of their references, as GitLab hands them out: raw ones stay,
/// $$ stays, the names of raw, file and undefined variables stay for the runner, a variable that
/// names itself gets nothing there. When some refer to each other in a circle, or one grows longer
/// than kLongestValue, nothing is expanded, and `circle` or `too_long` names them.
struct Sorted {
    Collection variables;
    std::vector<std::string> circle;
    std::string too_long;
};
Sorted sort_and_expand(const Collection& variables);

}  // namespace runner::pipeline::variables
