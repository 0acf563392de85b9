#pragma once

#include <string>
#include <vector>

#include "runner/commands/command.hpp"

/// Completion scripts made from the descriptions of the commands and their flags. Pure.
namespace runner::commands {

/// For bash, without the package bash-completion.
std::string bash_completion(const std::vector<Command>& commands);
/// A file for zsh's $fpath, named _runner.
std::string zsh_completion(const std::vector<Command>& commands);
std::string fish_completion(const std::vector<Command>& commands);

}  // namespace runner::commands
