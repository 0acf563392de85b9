#include "runner/commands/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

Flag config_flag() {
    return text_flag({"config", "c"}, "FILE", "the configuration file", "CONFIG_FILE");
}

std::filesystem::path config_path(const Values& values) {
    const std::string given = values.text("config");
    return given.empty() ? config::default_config_path() : std::filesystem::path(given);
}

Flag format_flag() {
    return choice_flag({"format"}, {"text", "json"},
                       "for people, which is the default, or programs");
}

bool wants_json(const Values& values) { return values.text("format") == "json"; }

std::vector<Flag> global_flags() {
    return {
        bool_flag({"debug"}, "log what happens inside", "RUNNER_DEBUG"),
        text_flag({"log-level", "l"}, "LEVEL", "debug, info, warn, error, fatal or panic",
                  "LOG_LEVEL"),
        text_flag({"log-format"}, "FORMAT", "runner, text or json", "LOG_FORMAT"),
        text_flag({"cpuprofile"}, "FILE", "", "CPU_PROFILE"),
        bool_flag({"help", "h"}, "this text"),
    };
}

base::Result<void> configure_log(const Values& values, std::string_view level,
                                 std::string_view format) {
    std::string wanted_level = values.text("log-level");
    if (values.flag("debug")) wanted_level = "debug";
    if (wanted_level.empty()) wanted_level = level.empty() ? "info" : level;
    std::string wanted_format = values.text("log-format");
    if (wanted_format.empty()) wanted_format = format;
    auto parsed_level = base::log::parse_level(wanted_level);
    if (!parsed_level) return parsed_level.error();
    auto parsed_format = wanted_format.empty() ? base::log::default_format()
                                               : base::log::parse_format(wanted_format);
    if (!parsed_format) return parsed_format.error();
    base::log::configure(*parsed_level, *parsed_format);
    return {};
}

void print_json(const nlohmann::ordered_json& value) { print(base::dump_json(value, 2) + "\n"); }

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

int fail(const base::Error& error) {
    for (const auto& line : base::split(error.message, '\n')) {
        // Lines of a file and the mark below them: without the level in front they stay aligned.
        if (line.starts_with("  "))
            base::log::info(line);
        else
            base::log::fatal(line);
    }
    return 1;
}

int fail(std::string message) {
    return fail(base::make_error(base::ErrorKind::kInvalidInput, std::move(message)));
}

void announce_platform() {
    base::log::info("Runtime platform", {{"arch", protocol::gitlab::architecture()},
                                         {"os", "linux"},
                                         {"pid", ::getpid()},
                                         {"revision", base::revision()},
                                         {"version", base::version()}});
    base::log::info(::geteuid() == 0 ? "Running in system-mode." : "Running in user-mode.");
}

base::Result<std::string> read_secret_file(const std::string& path) {
    auto text = base::read_file(path == "-" ? "/dev/stdin" : path);
    if (!text) return text.error();
    const std::string secret(base::trim(text->substr(0, text->find('\n'))));
    if (!secret.empty()) return secret;
    return base::make_error(base::ErrorKind::kInvalidInput,
                            fmt::format("the first line of {} is empty", path));
}

base::Result<std::string> secret_value(const Values& values, const std::string& name) {
    const std::string given(base::trim(values.text(name)));
    if (!given.empty() || !values.has(name + "-file")) return given;
    auto read = read_secret_file(values.text(name + "-file"));
    if (!read) return read.error().with_context("--" + name + "-file");
    return read;
}

}  // namespace runner::commands
