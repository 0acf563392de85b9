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
/// The limit of all values together that sort_and_expand() has expanded.
inline constexpr std::size_t kMostExpandedBytes = 16 << 20;

/// Replaces $X, ${X} and %X% once: inserted values are not expanded again. References after the
/// first kLongestValue bytes of the result stay as they are.
std::string expand(std::string_view text, const Collection& variables, Undefined undefined);

/// The names of the variables that `text` refers to. $$ and %% are escapes, not references.
std::vector<std::string> references(std::string_view text);

/// Who reads the values that sort_and_expand() makes.
enum class Reader {
    /// The runner, which expands what is left. These references stay as they are: to undefined, raw
    /// and file variables.
    kRunner,
    /// GitLab itself, in `rules`, `environment`, `resource_group` and `workflow:name`. The values
    /// of raw and file variables are inserted; a reference to an undefined variable is replaced by
    /// nothing.
    kGitLab,
};

/// The result of sort_and_expand(). When there are cycles, or `too_long` is not empty, nothing was
/// expanded.
struct ExpandedVariables {
    Collection variables;
    /// The names of variables that refer to each other in a cycle; in GitLab's order, which is that
    /// of its search.
    std::vector<std::vector<std::string>> cycles;
    std::string too_long;  ///< a variable whose value would exceed a limit
};

/// Expands the values in the order of their references, as GitLab does. Not expanded are raw
/// variables and $$. The reference of a variable to itself is replaced by nothing.
ExpandedVariables sort_and_expand(const Collection& variables, Reader reader);

/// Replaces references like expand(), but inserts values whose own references are replaced, too.
std::string expand_nested(std::string_view text, const Collection& variables, Undefined undefined);

}  // namespace runner::pipeline::variables
