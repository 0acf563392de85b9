#pragma once

#include <string>
#include <vector>

#include "runner/commands/command.hpp"

/// Help made from the descriptions of the commands and their flags. Pure.
namespace runner::commands {

/// `runner --help`: all commands and the flags of every command.
std::string general_help(const std::vector<Command>& commands);
/// `runner <command> --help`.
std::string command_help(const Command& command);

}  // namespace runner::commands
