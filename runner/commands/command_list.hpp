#pragma once

#include <vector>

#include "runner/commands/command.hpp"

namespace runner::commands {

Command cancel_command();
Command completion_command();
Command config_command();
Command doctor_command();
Command drain_command();
Command exec_command();
Command gc_command();
Command health_check_command();
Command install_command();
Command jobs_command();
Command lint_command();
Command list_command();
Command log_command();
Command manual_command();
Command migrate_command();
Command pause_command();
Command pipeline_command();
Command register_command();
Command reset_token_command();
Command restart_command();
Command resume_command();
Command run_command();
Command run_single_command();
Command start_command();
Command status_command();
Command stop_command();
Command uninstall_command();
Command unregister_command();
Command verify_command();

/// All commands, in the order in which the help lists them.
std::vector<Command> all_commands();

}  // namespace runner::commands
