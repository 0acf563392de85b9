#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Runs generated scripts in the shells that images have, as the supervisor does: the shell reads
/// the script from its standard input.
namespace tests {

struct Shell {
    std::string name;                ///< for the test's name
    std::vector<std::string> words;  ///< program and arguments
};

/// bash, dash and busybox's sh.
const std::vector<Shell>& shells();
bool is_installed(const Shell& shell);

struct ShellEnd {
    int code = 0;        ///< 128 + number for a signal
    std::string output;  ///< both streams
};

/// Runs `script` in a process group of its own. Throws when the shell cannot be started. `user`:
/// as this one, for tests that run as root; 0 for the test's own.
ShellEnd run_shell(const Shell& shell, const std::string& script,
                   const std::filesystem::path& directory,
                   const std::map<std::string, std::string>& environment = {}, unsigned user = 0);

}  // namespace tests
