#pragma once

#include <string>
#include <vector>

namespace runner::commands {

/// Runs the command that the arguments (without the program's own name) ask for; answers the exit
/// code.
int run_program(const std::vector<std::string>& arguments);

}  // namespace runner::commands
