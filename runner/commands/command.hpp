#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "runner/commands/arguments.hpp"

namespace runner::commands {

/// One command of the program. run() answers the exit code; what went wrong was said by then.
struct Command {
    std::string name;
    std::string usage;        ///< behind the name: "[flags]"
    std::string description;  ///< a few sentences
    std::string examples;     ///< lines of shell, indented by two
    std::vector<Flag> flags;  ///< the global ones are added
    std::function<int(const Values&)> run;
    bool takes_words = false;
    int wrong_usage = 1;  ///< exit code for flags that cannot be
};

/// --config, -c.
Flag config_flag();
/// The file that the flag or $CONFIG_FILE names, else the default.
std::filesystem::path config_path(const Values& values);

/// --debug, --log-level, --log-format, --help: good before and behind a command's name.
std::vector<Flag> global_flags();
/// What the flags ask the log for, nothing changed where they ask nothing. `run` calls it again
/// with the configuration's wishes, which come second.
base::Result<void> configure_log(const Values& values, std::string_view level = "",
                                 std::string_view format = "");

/// To standard output, as it is.
void print(const std::string& text);
/// Says a failure once, on as many lines as it has; answers the exit code 1.
int fail(const base::Error& error);
int fail(std::string message);

/// "Runtime platform …" and the mode, as the official commands begin.
void announce_platform();

/// The first line of a file, or of standard input for "-": a token that shall not be in an argv.
base::Result<std::string> read_secret_file(const std::string& path);
/// The flag `name`, else the content of the file that `name`-file names, else "".
base::Result<std::string> secret_value(const Values& values, const std::string& name);

}  // namespace runner::commands
