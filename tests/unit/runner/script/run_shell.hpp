#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Generated scripts are tried in the shells that images have, the way the supervisor runs them: on
/// standard input.
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

/// In a process group of its own. Ends the test program with a message when the shell cannot be run
/// at all.
ShellEnd run_shell(const Shell& shell, const std::string& script,
                   const std::filesystem::path& directory,
                   const std::map<std::string, std::string>& environment = {});

}  // namespace tests
