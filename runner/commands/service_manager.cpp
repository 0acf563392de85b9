#include "runner/commands/service_manager.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/service_unit.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using base::ErrorKind;

namespace {

constexpr const char* kDefaultName = "runner";

std::string first_of(const char* list) {
    const std::string given = list == nullptr ? "" : list;
    return given.substr(0, given.find(':'));
}

}  // namespace

std::vector<Flag> service_flags() {
    return {text_flag({"service", "n"}, "NAME", "the service's name; default: runner"),
            bool_flag({"user-service"}, "a service of this user (systemctl --user)")};
}

base::Result<ServiceManager> ServiceManager::open(const Values& values) {
    const std::string name = values.has("service") ? values.text("service") : kDefaultName;
    if (auto good = check_service_name(name); !good) return good.error();
    return ServiceManager(name, values.flag("user-service"));
}

base::Result<base::ProgramEnd> ServiceManager::run(std::vector<std::string> arguments) const {
    auto options = systemctl::program(std::move(arguments), of_user_);
    if (!options) return options.error();
    BlockingCalls calls;
    auto ended =
        calls.wait<base::ProgramEnd>(base::run_to_end(calls.executor(), std::move(*options)));
    if (!ended) return ended.error().with_context("systemctl");
    return ended;
}

base::Result<systemctl::UnitState> ServiceManager::state() const {
    const systemctl::Systemctl call = [this](std::vector<std::string> arguments) {
        return run(std::move(arguments));
    };
    return systemctl::look_at(call, name_);
}

base::Result<void> ServiceManager::carry_out(std::vector<std::string> arguments) const {
    auto ended = run(std::move(arguments));
    if (!ended) return ended.error();
    if (ended->status == 0) return {};
    return base::make_error(ErrorKind::kUnavailable,
                            fmt::format("systemctl: {}", base::trim(ended->output)));
}

base::Result<void> ServiceManager::tell(const std::string& verb) const {
    return carry_out({verb, name_ + ".service"});
}

base::Result<void> ServiceManager::reload_units() const { return carry_out({"daemon-reload"}); }

fs::path ServiceManager::unit_file() const {
    const std::string file = name_ + ".service";
    const std::string given = first_of(std::getenv("SYSTEMD_UNIT_PATH"));
    if (!given.empty()) return fs::path(given) / file;
    if (!of_user_) return fs::path("/etc/systemd/system") / file;
    const char* config_home = std::getenv("XDG_CONFIG_HOME");
    const char* home = std::getenv("HOME");
    const fs::path base = config_home != nullptr && *config_home == '/'
                              ? fs::path(config_home)
                              : fs::path(home == nullptr ? "/" : home) / ".config";
    return base / "systemd/user" / file;
}

}  // namespace runner::commands
