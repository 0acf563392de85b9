#include "runner/commands/command_list.hpp"

namespace runner::commands {

std::vector<Command> all_commands() {
    return {register_command(),     run_command(),      run_single_command(), install_command(),
            uninstall_command(),    start_command(),    stop_command(),       restart_command(),
            status_command(),       jobs_command(),     log_command(),        cancel_command(),
            pause_command(),        resume_command(),   drain_command(),      gc_command(),
            list_command(),         verify_command(),   unregister_command(), reset_token_command(),
            lint_command(),         pipeline_command(), exec_command(),       config_command(),
            health_check_command(), migrate_command(),  doctor_command(),     completion_command(),
            manual_command()};
}

}  // namespace runner::commands
