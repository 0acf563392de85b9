#pragma once

#include <string_view>

namespace runner::script {

/// The shells that scripts are written for; "" is the environment's best one.
constexpr bool is_known_shell(std::string_view shell) {
    return shell.empty() || shell == "bash" || shell == "sh";
}

}  // namespace runner::script
