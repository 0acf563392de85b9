#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.hpp"
#include "base/users.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/service_manager.hpp"
#include "runner/commands/service_unit.hpp"

/// install and uninstall.
namespace runner::commands {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSystemWork = "/var/lib/gitlab-runner";

/// A service of the user is the only kind that a user can install.
base::Result<void> check_rights(const ServiceManager& manager) {
    if (manager.of_user() || ::geteuid() == 0) return {};
    return base::invalid_input(
        "only root can change the services of the system: use sudo, or give --user-service");
}

fs::path working_directory(const Values& values, const ServiceManager& manager) {
    const std::string given = values.text("working-directory");
    if (!given.empty()) return fs::absolute(given);
    const char* home = std::getenv("HOME");
    return manager.of_user() && home != nullptr ? fs::path(home) : fs::path(kSystemWork);
}

base::Result<void> check_users(const Values& values) {
    if (values.has("user") && values.has("init-user")) {
        return base::invalid_input(
            "--user and --init-user exclude each other: give --init-user for the user of daemon "
            "and jobs");
    }
    for (const char* flag : {"user", "init-user"}) {
        const std::string name = values.text(flag);
        if (!name.empty() && !base::user_id(name))
            return base::invalid_input(fmt::format("--{}: there is no user \"{}\"", flag, name));
    }
    return {};
}

base::Result<ServiceUnit> describe(const Values& values, const ServiceManager& manager) {
    if (auto known = check_users(values); !known) return known.error();
    std::error_code code;
    ServiceUnit unit;
    unit.name = manager.name();
    unit.program = fs::read_symlink("/proc/self/exe", code);
    if (code) return base::make_error(code, "find this program");
    unit.config = fs::absolute(config_path(values));
    unit.directory = working_directory(values, manager);
    unit.jobs_user = values.text("user");
    unit.process_user = values.text("init-user");
    unit.of_user = manager.of_user();
    return unit;
}

/// The user of the daemon reads the file and writes new tokens into it.
base::Result<void> give_to(const std::string& user, const fs::path& path) {
    return user.empty() ? base::Result<void>() : base::give_to_user(user, path);
}

/// The daemon waits for its first entry, but a missing file looks like a mistake. One that is there
/// stays as it is.
base::Result<void> make_config(const ServiceUnit& unit) {
    std::error_code ignored;
    if (fs::exists(unit.config, ignored)) {
        if (!unit.process_user.empty()) {
            base::log::warning(fmt::format("{} must be readable and writable for {}",
                                           unit.config.string(), unit.process_user));
        }
        return {};
    }
    const fs::path directory = unit.config.parent_path();
    const bool has_directory = fs::exists(directory, ignored);
    auto made = base::make_directories(directory, 0700);
    if (made && !has_directory) made = give_to(unit.process_user, directory);
    if (made) made = base::write_file_atomic(unit.config, "", 0600, true);
    if (made) made = give_to(unit.process_user, unit.config);
    return made;
}

/// Shell jobs make their builds in it. One that is there stays as it is.
base::Result<void> make_directory(const ServiceUnit& unit) {
    std::error_code ignored;
    if (fs::exists(unit.directory, ignored)) return {};
    const auto made = base::make_directories(unit.directory, 0755);
    if (!made) return made.error();
    return give_to(unit.process_user.empty() ? unit.jobs_user : unit.process_user, unit.directory);
}

base::Result<void> check_free(const ServiceManager& manager) {
    const auto state = manager.state();
    if (!state) return state.error();
    if (!state->installed) return {};
    return base::make_error(
        base::ErrorKind::kConflict,
        fmt::format("the service {} exists already ({}): `runner start` starts it, and --service "
                    "gives another name",
                    manager.name(), state->unit_file));
}

base::Result<void> install(const ServiceManager& manager, const ServiceUnit& unit) {
    if (auto free = check_free(manager); !free) return free.error();
    if (auto config = make_config(unit); !config) return config.error();
    const auto units = base::make_directories(manager.unit_file().parent_path(), 0755);
    if (!units) return units.error();
    if (auto made = make_directory(unit); !made) return made.error();
    auto written = base::write_file_atomic(manager.unit_file(), unit_text(unit), 0644, true);
    if (!written) return written.error();
    if (auto reloaded = manager.reload_units(); !reloaded) return reloaded.error();
    return manager.tell("enable");
}

int install(const Values& values) {
    const auto manager = ServiceManager::open(values);
    if (!manager) return fail(manager.error());
    if (auto allowed = check_rights(*manager); !allowed) return fail(allowed.error());
    const auto unit = describe(values, *manager);
    if (!unit) return fail(unit.error());
    if (auto done = install(*manager, *unit); !done) return fail(done.error());
    base::log::info(fmt::format("The service {} is installed and starts with the system ({})",
                                manager->name(), manager->unit_file().string()));
    const std::string more = manager->name() == "runner" ? "" : " --service " + manager->name();
    print(
        fmt::format("next: runner start{}{}\n", more, manager->of_user() ? " --user-service" : ""));
    return 0;
}

/// Units of packages and of administrators stay.
base::Result<void> check_ours(const ServiceManager& manager) {
    const fs::path file = manager.unit_file();
    auto text = base::read_file(file);
    if (text && text->starts_with(kUnitMark)) return {};
    if (!text && !text.error().is(base::ErrorKind::kNotFound)) return text.error();
    const auto state = manager.state();
    const bool other = state && state->installed;
    return base::make_error(
        base::ErrorKind::kNotFound,
        other ? fmt::format("`runner install` did not make {}: remove the package that did, or the "
                            "file",
                            state->unit_file)
              : fmt::format("the service {} is not installed", manager.name()));
}

int uninstall(const Values& values) {
    const auto manager = ServiceManager::open(values);
    if (!manager) return fail(manager.error());
    if (auto allowed = check_rights(*manager); !allowed) return fail(allowed.error());
    if (auto ours = check_ours(*manager); !ours) return fail(ours.error());
    for (const char* verb : {"stop", "disable"}) {
        if (auto told = manager->tell(verb); !told) return fail(told.error());
    }
    std::error_code code;
    fs::remove(manager->unit_file(), code);
    if (code) return fail(base::make_error(code, "remove " + manager->unit_file().string()));
    if (auto reloaded = manager->reload_units(); !reloaded) return fail(reloaded.error());
    base::log::info(fmt::format("The service {} is removed; the configuration and {} stay",
                                manager->name(), "its state"));
    return 0;
}

}  // namespace

Command install_command() {
    auto flags = service_flags();
    flags.push_back(config_flag());
    flags.push_back(
        text_flag({"working-directory", "d"}, "DIRECTORY", "where shell jobs have their builds"));
    flags.push_back(text_flag({"user", "u"}, "NAME", "the user of shell jobs; the daemon is root"));
    flags.push_back(
        text_flag({"init-user", "i"}, "NAME", "the user of the daemon, and of shell jobs"));
    flags.push_back(bool_flag({"syslog"}, ""));
    return {.name = "install",
            .summary = "install the service",
            .usage = "[flags]",
            .description =
                "Writes a unit of systemd that runs the daemon, and lets it start with the system. "
                "The packages bring such a unit: this\n"
                "is for other installations, for a second daemon, and for a user's own "
                "(--user-service).",
            .examples =
                "  runner install --user ci --working-directory /home/ci\n"
                "  runner install --service runner-2 --config /etc/runner-2/config.toml\n",
            .flags = std::move(flags),
            .run = [](const Values& values) { return install(values); }};
}

Command uninstall_command() {
    return {.name = "uninstall",
            .summary = "remove the service",
            .usage = "[flags]",
            .description =
                "Stops the service when its jobs have ended, and removes the unit that `runner "
                "install` has made. The configuration stays.",
            .examples =
                "  runner uninstall\n"
                "  runner uninstall --service runner-2\n",
            .flags = service_flags(),
            .run = uninstall};
}

}  // namespace runner::commands
