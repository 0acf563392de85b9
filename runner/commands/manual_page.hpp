#pragma once

#include <string>
#include <vector>

#include "runner/commands/command.hpp"

/// Manual pages (man(7)) made from the descriptions of the commands and their flags, and from the
/// schema of the configuration. Pure.
namespace runner::commands {

/// runner(1): all commands.
std::string program_manual(const std::vector<Command>& commands);
/// runner-<command>(1).
std::string command_manual(const Command& command);
/// runner-config.toml(5): the keys that have an effect.
std::string configuration_manual();

}  // namespace runner::commands
