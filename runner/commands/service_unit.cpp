#include "runner/commands/service_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

constexpr std::string_view kSystemConfig = "/etc/gitlab-runner/config.toml";

std::string exec_start(const ServiceUnit& unit) {
    std::string line =
        fmt::format("ExecStart={} run --config {} --working-directory {} --service {}",
                    unit_argument(unit.program), unit_argument(unit.config),
                    unit_argument(unit.directory), unit_argument(unit.name));
    if (!unit.jobs_user.empty()) line += " --user " + unit_argument(unit.jobs_user);
    return line;
}

bool sets(const std::string& line, std::string_view key) {
    return line.starts_with(key) && line.substr(key.size()).starts_with('=');
}

/// Settings of the package's unit that fit its own configuration only, or only the system's
/// manager.
bool is_left_out(const std::string& line, const ServiceUnit& unit) {
    std::vector<std::string_view> keys{"EnvironmentFile"};
    if (unit.config != kSystemConfig) {
        // The state is beside another configuration, where commands look for it.
        keys.insert(keys.end(), {"StateDirectory", "StateDirectoryMode", "ConfigurationDirectory",
                                 "ConfigurationDirectoryMode"});
    }
    if (unit.of_user) keys.insert(keys.end(), {"Wants", "After"});
    return std::any_of(keys.begin(), keys.end(),
                       [&](std::string_view key) { return sets(line, key); });
}

/// Comments that speak of the settings around them.
bool is_comment(const std::string& line) { return line.starts_with('#'); }

std::string adapted(const std::string& line, const ServiceUnit& unit) {
    if (sets(line, "ExecStart")) {
        const std::string user = unit.process_user.empty() ? "" : "\nUser=" + unit.process_user;
        return exec_start(unit) + user;
    }
    if (sets(line, "RuntimeDirectory")) return "RuntimeDirectory=" + unit.name;
    if (sets(line, "WantedBy") && unit.of_user) return "WantedBy=default.target";
    return line;
}

}  // namespace

std::string unit_argument(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        if (c == '%' || c == '$') quoted += c;
        quoted += c;
    }
    return quoted + '"';
}

base::Result<void> check_service_name(std::string_view name) {
    const bool allowed = !name.empty() && name.size() < 200 && name.front() != '-' &&
                         std::all_of(name.begin(), name.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                         });
    if (allowed && !name.ends_with(".service")) return {};
    return base::invalid_input(
        "--service is a name of letters, digits, \"-\", \"_\" and \".\", without \".service\"");
}

std::string unit_text(const ServiceUnit& unit) {
    std::string text = std::string(kUnitMark) + "\n";
    for (const std::string& line : base::split(package_unit(), '\n')) {
        if (is_comment(line) || is_left_out(line, unit)) continue;
        const bool second_empty = line.empty() && text.ends_with("\n\n");
        if (!second_empty) text += adapted(line, unit) + "\n";
    }
    while (text.ends_with("\n\n")) text.pop_back();
    return text;
}

}  // namespace runner::commands
