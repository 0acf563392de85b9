#pragma once

#include <vector>

#include "runner/commands/command.hpp"

namespace runner::commands {

Command completion_command();
Command config_command();
Command doctor_command();
Command exec_command();
Command lint_command();
Command list_command();
Command manual_command();
Command pipeline_command();
Command register_command();
Command reset_token_command();
Command run_command();
Command status_command();
Command unregister_command();
Command verify_command();

/// All commands, in the order in which the help lists them.
std::vector<Command> all_commands();

}  // namespace runner::commands
