#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/script/variable_list.hpp"

namespace runner::script {

struct ResolutionRules {
    /// For the values of all variables together.
    std::size_t limit_bytes = 0;
    /// What a reference to a file variable becomes.
    std::function<std::string(std::string_view key)> path_of;
    /// The value of a variable that is not in the list, or that would need itself. May be empty.
    std::function<std::optional<std::string_view>(std::string_view key)> outer = {};
};

struct Resolution {
    std::vector<std::string> values;  ///< in the order of the list; of a file its content
    /// The variable whose value passes the limit; "" for none. With one there are no values.
    std::string too_large;
};

/// Replaces the references in the values of `list`. A chain may have any length (A is "$B", B is
/// "$C"), and what a replaced reference contains is not read again: "$$" in C stays one "$" in A. A
/// reference that leads back to its own variable stays as it is written. Pure; the time is linear
/// in the sizes of the list and of the values.
Resolution resolve_variables(const VariableList& list, const ResolutionRules& rules);

/// The same in one pass, as scripts see the variables (job-runtime.md §2.2): a reference becomes
/// the unexpanded value of its variable.
Resolution resolve_once(const VariableList& list, const ResolutionRules& rules);

}  // namespace runner::script
