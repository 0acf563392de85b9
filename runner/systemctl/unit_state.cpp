#include "runner/systemctl/unit_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/strings.hpp"

namespace runner::systemctl {

namespace {

constexpr const char* kProperties =
    "--property=LoadState,ActiveState,SubState,Result,UnitFileState,FragmentPath,ExecStart";
constexpr std::array<std::string_view, 4> kActive{"active", "reloading", "activating",
                                                  "deactivating"};

std::map<std::string, std::string> properties_of(const std::string& shown) {
    std::map<std::string, std::string> found;
    for (const std::string& line : base::split(shown, '\n')) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) found[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return found;
}

/// "argv[]=/usr/bin/gitlab-runner run --config … ; ignore_errors=no ; …" in ExecStart's value.
std::vector<std::string> command_of(const std::string& value) {
    constexpr std::string_view kArguments = "argv[]=";
    const auto begin = value.find(kArguments);
    if (begin == std::string::npos) return {};
    const auto from = begin + kArguments.size();
    const auto end = value.find(" ; ", from);
    std::vector<std::string> words = base::split(value.substr(from, end - from), ' ');
    std::erase(words, "");
    return words;
}

}  // namespace

std::string UnitState::flag(const std::string& name) const {
    const std::string dashed = "--" + name;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const std::string& word = command[i];
        if (word == dashed && i + 1 < command.size()) return command[i + 1];
        if (word.starts_with(dashed + "=")) return word.substr(dashed.size() + 1);
    }
    return "";
}

UnitState parse_unit(const std::string& shown) {
    auto found = properties_of(shown);
    const std::string& active = found["ActiveState"];
    UnitState unit;
    unit.installed = found["LoadState"] == "loaded";
    unit.active = std::find(kActive.begin(), kActive.end(), active) != kActive.end();
    unit.enabled = found["UnitFileState"] == "enabled";
    unit.words =
        fmt::format("{} ({})", active, active == "failed" ? found["Result"] : found["SubState"]);
    unit.unit_file = found["FragmentPath"];
    unit.command = command_of(found["ExecStart"]);
    return unit;
}

base::Result<UnitState> look_at(const Systemctl& systemctl, const std::string& name) {
    auto shown = systemctl({"show", kProperties, name + ".service"});
    if (!shown) return shown.error();
    if (shown->status != 0) {
        return base::make_error(
            base::ErrorKind::kUnavailable,
            fmt::format("systemd does not answer: {}", base::trim(shown->output)));
    }
    return parse_unit(shown->output);
}

}  // namespace runner::systemctl
