#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/variables/collection.hpp"

// How GitLab expands variables: ci-yaml.md §4.3.
namespace runner::pipeline::variables {

/// What becomes of references to variables that are not defined.
enum class Undefined {
    kEmpty,  ///< they are replaced by nothing
    kKeep,   ///< they stay as they are
};

/// Expanding stops at this length in bytes. Linux limits a variable of a process to 128 KiB.
inline constexpr std::size_t kLongestValue = 1 << 20;

/// Replaces $X, ${X} and %X% once: inserted values are not expanded again. References after the
/// first kLongestValue bytes of the result stay as they are.
std::string expand(std::string_view text, const Collection& variables, Undefined undefined);

/// The names of the variables that `text` refers to. $$ and %% are escapes, not references.
std::vector<std::string> references(std::string_view text);

/// The result of sort_and_expand(). When `cycle` or `too_long` is not empty, nothing was expanded.
struct ExpandedVariables {
    Collection variables;
    std::vector<std::string> cycle;  ///< the names of variables that refer to each other in a cycle
    std::string too_long;            ///< a variable whose value would exceed kLongestValue
};

/// Expands the values in the order of their references, as GitLab does before it gives a job to a
/// runner. Not expanded are: raw variables, $$, and references to raw, file and undefined
/// variables, which the runner expands. The reference of a variable to itself is replaced by
/// nothing.
ExpandedVariables sort_and_expand(const Collection& variables);

}  // namespace runner::pipeline::variables
