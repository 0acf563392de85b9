#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace runner::script {

/// Replaces $NAME and ${NAME} in `text` by `value_of(NAME)`, once: what a value contains stays as
/// it is (job-runtime.md §2.2). "$$" becomes "$". The shell's own parameters, such as $1 and $?,
/// become nothing.
std::string expand_variables(std::string_view text,
                             const std::function<std::string(std::string_view)>& value_of);

}  // namespace runner::script
