#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::variables {

enum class Undefined {
    kEmpty,  ///< an undefined name becomes nothing
    kKeep,   ///< it stays as it is written
};

/// Replaces $X, ${X} and %X% once; what is inserted is not looked at again.
std::string expand(std::string_view text, const Collection& variables, Undefined undefined);

/// The names that `text` refers to, where $$ and %% protect.
std::vector<std::string> references(std::string_view text);

/// The values expanded in the order of their references, as GitLab hands them out: raw ones stay
/// and are inserted as they are, $$ stays, undefined names stay for the runner, a variable that
/// names itself gets nothing there. When some refer to each other in a circle, nothing is expanded
/// and `circle` names them.
struct Sorted {
    Collection variables;
    std::vector<std::string> circle;
};
Sorted sort_and_expand(const Collection& variables);

}  // namespace runner::pipeline::variables
