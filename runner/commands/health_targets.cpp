#include "runner/commands/health_targets.hpp"

#include <cstdint>
#include <map>
#include <string_view>

#include "base/parse.hpp"

namespace runner::commands {

namespace {

constexpr std::string_view kAddress = "_TCP_ADDR";
constexpr std::string_view kPort = "_TCP_PORT";

base::Result<void> check_port(const std::string& text) {
    const auto port = base::parse_number<std::uint16_t>(text);
    if (port && *port != 0) return {};
    return base::invalid_input("a port is a number from 1 to 65535");
}

/// NAME → address and port.
std::map<std::string, HealthTarget> targets_in(const char* const* environment) {
    std::map<std::string, HealthTarget> found;
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = entry.substr(0, equals);
        const std::string value(entry.substr(equals + 1));
        if (name.ends_with(kAddress))
            found[std::string(name.substr(0, name.size() - kAddress.size()))].host = value;
        if (name.ends_with(kPort))
            found[std::string(name.substr(0, name.size() - kPort.size()))].port = value;
    }
    return found;
}

}  // namespace

base::Result<std::vector<HealthTarget>> health_targets(const std::vector<std::string>& ports,
                                                       const char* const* environment) {
    std::vector<HealthTarget> targets;
    for (const std::string& port : ports) targets.push_back({"localhost", port});
    if (targets.empty()) {
        for (const auto& [name, target] : targets_in(environment)) {
            if (!target.host.empty() && !target.port.empty()) targets.push_back(target);
        }
    }
    if (targets.empty()) {
        return base::invalid_input(
            "what is to be waited for? Give --port, or set <NAME>_TCP_ADDR and <NAME>_TCP_PORT");
    }
    for (const HealthTarget& target : targets) {
        if (auto good = check_port(target.port); !good) return good.error();
    }
    return targets;
}

}  // namespace runner::commands
