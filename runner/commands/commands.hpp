#pragma once

#include <string>
#include <vector>

#include "runner/commands/command.hpp"

namespace runner::commands {

Command exec_command();
Command lint_command();
Command list_command();
Command pipeline_command();
Command register_command();
Command reset_token_command();
Command run_command();
Command status_command();
Command unregister_command();
Command verify_command();
Command config_command();

/// Runs the command that the arguments (without the program's own name) ask for; the exit code.
int run_program(const std::vector<std::string>& arguments);

}  // namespace runner::commands
