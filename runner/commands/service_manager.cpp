#include "runner/commands/service_manager.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "base/program_path.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/service_unit.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using base::ErrorKind;

namespace {

constexpr const char* kDefaultName = "runner";

std::map<std::string, std::string> properties_of(const std::string& text) {
    std::map<std::string, std::string> found;
    for (const std::string& line : base::split(text, '\n')) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) found[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return found;
}

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

base::Result<std::string> ServiceManager::run(std::vector<std::string> arguments) const {
    auto program = base::find_program("systemctl");
    if (!program) {
        return base::make_error(ErrorKind::kNotFound,
                                "there is no systemctl, so this machine has no services of systemd "
                                "(a container?): start the daemon with `runner run`");
    }
    base::SubprocessOptions options;
    options.arguments = {*program, "--no-pager", "--no-ask-password"};
    if (of_user_) options.arguments.emplace_back("--user");
    for (std::string& argument : arguments) options.arguments.push_back(std::move(argument));
    options.errors_with_output = true;
    BlockingCalls calls;
    auto ended =
        calls.wait<base::ProgramEnd>(base::run_to_end(calls.executor(), std::move(options)));
    if (!ended) return ended.error().with_context("systemctl");
    if (ended->status == 0) return std::move(ended->output);
    return base::make_error(ErrorKind::kUnavailable,
                            fmt::format("systemctl: {}", base::trim(ended->output)));
}

base::Result<ServiceManager::State> ServiceManager::state() const {
    auto text = run({"show", name_ + ".service",
                     "--property=LoadState,ActiveState,SubState,Result,FragmentPath"});
    if (!text) return text.error();
    auto found = properties_of(*text);
    State state;
    state.installed = found["LoadState"] == "loaded";
    const std::string& active = found["ActiveState"];
    state.active = active == "active" || active == "reloading" || active == "activating" ||
                   active == "deactivating";
    const bool failed = active == "failed";
    state.words = fmt::format("{} ({})", active, failed ? found["Result"] : found["SubState"]);
    state.unit_file = found["FragmentPath"];
    return state;
}

base::Result<void> ServiceManager::tell(const std::string& verb) const {
    auto told = run({verb, name_ + ".service"});
    if (!told) return told.error();
    return {};
}

base::Result<void> ServiceManager::reload_units() const {
    auto told = run({"daemon-reload"});
    if (!told) return told.error();
    return {};
}

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
