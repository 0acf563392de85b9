#pragma once

#include <string>
#include <vector>

namespace executors::custom {

/// The table [runners.custom]. Times are seconds; 0 or less means the default, as officially.
struct CustomSettings {
    std::string config_exec;
    std::vector<std::string> config_args;
    int config_exec_timeout = 3600;
    std::string prepare_exec;
    std::vector<std::string> prepare_args;
    int prepare_exec_timeout = 3600;
    std::string run_exec;
    std::vector<std::string> run_args;
    std::string cleanup_exec;
    std::vector<std::string> cleanup_args;
    int cleanup_exec_timeout = 3600;
    int graceful_kill_timeout = 600;
    int force_kill_timeout = 600;
};

}  // namespace executors::custom
