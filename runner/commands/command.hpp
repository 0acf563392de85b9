#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "runner/commands/arguments.hpp"

namespace runner::commands {

/// One command of the program: the one description that parsing and help are made from.
struct Command {
    std::string name;
    std::string summary;      ///< half a sentence, for the list of commands
    std::string usage;        ///< behind the name: "[flags]"
    std::string description;  ///< a few sentences
    std::string examples;     ///< lines of shell, indented by two
    std::vector<Flag> flags;  ///< without those of global_flags(), which every command has
    /// Answers the exit code; a failure has been reported by then.
    std::function<int(const Values&)> run;
    /// Words of which one must follow the name; for completion.
    std::vector<std::string> subcommands = {};
    bool takes_words = false;  ///< arguments that are no flags
    int wrong_usage = 1;       ///< exit code for flags that cannot be parsed
};

/// --config, -c.
Flag config_flag();
/// The file that the flag or $CONFIG_FILE names, else the default.
std::filesystem::path config_path(const Values& values);

/// --format text|json, for commands that list or report something.
Flag format_flag();
bool wants_json(const Values& values);

/// --debug, --log-level, --log-format, --help: allowed before and after a command's name.
std::vector<Flag> global_flags();
/// Sets the level and format of the log: those of the flags, else `level` and `format`, else the
/// defaults. `run` calls it again with the values of the configuration.
base::Result<void> configure_log(const Values& values, std::string_view level = "",
                                 std::string_view format = "");

/// The answer of --format json: indented, with a line feed at its end.
void print_json(const nlohmann::ordered_json& value);
/// The exit code of a command that SIGINT has ended.
inline constexpr int kInterrupted = 130;

/// To standard output, as it is.
void print(const std::string& text);
/// Logs a failure, a record for each of its lines; answers the exit code 1.
int fail(const base::Error& error);
int fail(std::string message);

/// Logs "Runtime platform …" and the mode, as the official commands do first.
void announce_platform();

/// The first line of a file, or of standard input for "-": for tokens, which other users of the
/// machine could read in the program's arguments.
base::Result<std::string> read_secret_file(const std::string& path);
/// The flag `name`, else the content of the file that `name`-file names, else "".
base::Result<std::string> secret_value(const Values& values, const std::string& name);

}  // namespace runner::commands
