#include "runner/script/driver_script.hpp"

#include "runner/script/shell_writer.hpp"

namespace runner::script {

std::string driver_script(std::string_view shell,
                          const std::vector<executors::EnvironmentVariable>& variables,
                          std::string_view script) {
    ShellWriter exports;
    for (const auto& variable : variables) exports.export_variable(variable.name, variable.value);
    return std::string("#!/usr/bin/env ") + (shell == "sh" ? "sh" : "bash") + "\n\n" +
           exports.body() + std::string(script);
}

}  // namespace runner::script
