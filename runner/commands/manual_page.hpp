#pragma once

#include <string>
#include <vector>

#include "runner/commands/command.hpp"

/// Manual pages (man(7)) made from the descriptions of the commands and their flags. Pure.
namespace runner::commands {

/// runner(1): all commands.
std::string program_manual(const std::vector<Command>& commands);
/// runner-<command>(1).
std::string command_manual(const Command& command);

}  // namespace runner::commands
