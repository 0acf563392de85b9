#include "runner/commands/command_list.hpp"

namespace runner::commands {

std::vector<Command> all_commands() {
    return {register_command(),   run_command(),      status_command(),     doctor_command(),
            list_command(),       verify_command(),   unregister_command(), reset_token_command(),
            lint_command(),       pipeline_command(), exec_command(),       config_command(),
            completion_command(), manual_command()};
}

}  // namespace runner::commands
