#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/log.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/migrate_report.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/system_id.hpp"
#include "runner/executor_factory/executor_factory.hpp"
#include "runner/journal/state_dir.hpp"
#include "runner/migrate/service.hpp"
#include "runner/migrate/volume_adoption.hpp"
#include "runner/systemctl/unit_state.hpp"

namespace runner::commands {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSystemConfig = "/etc/gitlab-runner/config.toml";

base::Result<base::ProgramEnd> run_systemctl(BlockingCalls& calls,
                                             std::vector<std::string> arguments) {
    auto options = systemctl::program(std::move(arguments), false);
    if (!options) return options.error();
    return calls.wait<base::ProgramEnd>(base::run_to_end(calls.executor(), std::move(*options)));
}

/// Why the service `runner` would not use this configuration; "" when it would.
std::string wrong_place(const fs::path& path) {
    if (path == kSystemConfig) return {};
    return fmt::format(
        "the service runner reads {}, and this configuration is {}: move it there first",
        kSystemConfig, path.string());
}

/// The user of the service's shell jobs.
std::string user_of(const systemctl::UnitState& service) {
    const std::string user = service.flag("user");
    return user.empty() ? "root" : user;
}

/// Beside the configuration, where the daemon looks for it.
base::Result<void> write(const journal::AdoptedVolumes& adopted, const fs::path& config) {
    if (adopted.size() == 0) return {};
    const fs::path directory = journal::state_directory_for(config);
    auto made = base::make_directories(directory, 0700);
    if (!made) return made.error().with_context("the state directory");
    return adopted.write(directory);
}

/// One call of `runner migrate`: prints what it finds, and does what was asked for.
class Migration {
  public:
    explicit Migration(const Values& values)
        : values_(values), systemctl_([this](std::vector<std::string> arguments) {
              return run_systemctl(calls_, std::move(arguments));
          }) {
        const std::string named = values.text("service");
        found_.service.name = named.empty() ? "gitlab-runner" : named;
    }

    int run() {
        if (values_.flag("back")) return go_back();
        look_at_official();
        auto config = read_config();
        if (!config) return fail(config.error());
        compare_service(*config);
        auto adopted = look_at_volumes(*config);
        if (!adopted) return fail(adopted.error());
        print_findings();
        if (values_.flag("dry-run")) return found_.stops() == 0 ? 0 : 1;
        if (auto written = write(*adopted, found_.config); !written) return fail(written.error());
        if (!values_.flag("switch")) return say_next();
        return switch_if_possible();
    }

  private:
    /// With --format json, standard output has one JSON value and nothing else.
    void say(const std::string& text) const {
        if (wants_json(values_))
            base::log::info(text);
        else
            print(text + "\n");
    }

    void print_findings() const {
        if (wants_json(values_))
            print_json(migration_json(found_));
        else
            print(migration_text(found_));
    }

    void look_at_official() {
        auto& service = found_.service;
        auto state = systemctl::look_at(systemctl_, service.name);
        if (state)
            service.state = std::move(*state);
        else
            service.problem = state.error().message;
        const std::string named = service.state.flag("config");
        const bool is_given = values_.has("config") || named.empty();
        found_.config = is_given ? fs::absolute(config_path(values_)) : fs::path(named);
    }

    base::Result<config::Config> read_config() {
        const fs::path& path = found_.config;
        auto text = config::read_config_text(path);
        if (!text) return text.error();
        auto root = config::parse_toml(*text, path.string());
        if (!root) return root.error();
        auto inspection = config::inspect(*root, path);
        found_.lines = migrate::report_config(*root, inspection);
        return std::move(inspection.config);
    }

    void compare_service(const config::Config& config) {
        auto& service = found_.service;
        if (!service.state.installed) return;
        const bool shell = std::any_of(
            config.runners.begin(), config.runners.end(), [](const config::RunnerConfig& runner) {
                return runner.executor_kind() == executors::ExecutorKind::kShell;
            });
        if (!shell) return;
        compare_users();
        const std::string directory = service.state.flag("working-directory");
        if (directory.empty()) return;
        service.notes.push_back(
            fmt::format("shell jobs have builds and caches in {0}: set builds_dir = \"{0}/builds\" "
                        "and cache_dir = \"{0}/cache\" to go on with them",
                        directory));
    }

    /// Scripts of the shell executor rely on the user and on its home.
    void compare_users() {
        auto& service = found_.service;
        const auto own = systemctl::look_at(systemctl_, "runner");
        const std::string there = user_of(service.state);
        const std::string here = own ? user_of(*own) : "root";
        if (there == here) {
            service.notes.push_back(fmt::format("shell jobs run as {} here, too", here));
            return;
        }
        service.stops.push_back(
            fmt::format("shell jobs run as {0} there and as {1} here: give `run` in ExecStart= of "
                        "runner.service --user {0} (systemctl edit runner)",
                        there, here));
    }

    base::Result<journal::AdoptedVolumes> look_at_volumes(const config::Config& config) {
        auto adopted = journal::AdoptedVolumes::read(journal::state_directory_for(found_.config));
        if (!adopted) return adopted.error();
        executor_factory::ExecutorFactory executors(calls_.executor());
        const std::string system_id = config::read_system_id(found_.config);
        for (const auto& runner : config.runners) {
            if (runner.executor_kind() != executors::ExecutorKind::kDocker) continue;
            auto& caches = found_.caches.emplace_back();
            caches.runner = runner.name;
            caches.cold_cache_dir = !runner.docker.cache_dir.empty();
            auto volumes = calls_.wait(executors.managed_volumes(runner));
            if (!volumes) {
                caches.problem = volumes.error().message;
                continue;
            }
            caches.plan = migrate::plan_volumes(runner, system_id, *volumes);
            migrate::adopt(caches.plan, *adopted);
        }
        return adopted;
    }

    [[nodiscard]] int say_next() const {
        if (found_.stops() > 0) {
            say("Mend what stops the move first, or take it with --switch --force");
            return 1;
        }
        const std::string wrong = wrong_place(found_.config);
        say(wrong.empty() ? "Next: runner migrate --switch   (back: runner migrate --back)"
                          : "Next: " + wrong + ", then runner migrate --switch");
        return 0;
    }

    int go_back() {
        if (values_.flag("switch")) return fail("--switch and --back exclude each other");
        if (!values_.flag("dry-run")) return switch_services("runner", found_.service.name);
        say(fmt::format("--back would stop runner when its jobs have ended, and start {}",
                        found_.service.name));
        return 0;
    }

    int switch_if_possible() {
        if (found_.stops() > 0 && !values_.flag("force"))
            return fail("something stops the move: see above, or add --force");
        if (const auto wrong = wrong_place(found_.config); !wrong.empty()) return fail(wrong);
        return switch_services(found_.service.name, "runner");
    }

    int switch_services(const std::string& from, const std::string& by) {
        for (const std::string& name : {from, by}) {
            auto service = systemctl::look_at(systemctl_, name);
            if (!service) return fail(service.error());
            if (!service->installed) return fail(fmt::format("there is no service {}", name));
        }
        calls_.hold_signals();
        migrate::ServiceSwitch services(systemctl_, [this](const std::string& text) { say(text); });
        auto replaced = services.replace(from, by);
        if (!replaced) return fail(replaced.error());
        say(fmt::format("{} runs in the place of {}", by, from));
        return 0;
    }

    const Values& values_;
    BlockingCalls calls_;
    systemctl::Systemctl systemctl_;
    MigrationReport found_;
};

int migrate_from_official(const Values& values) { return Migration(values).run(); }

}  // namespace

Command migrate_command() {
    return {
        .name = "migrate",
        .summary = "move this machine over from the official runner",
        .usage = "[flags]",
        .description =
            "Reads the configuration and the service of an installed official runner. Says line "
            "by line what works here, what differs,\n"
            "and what does nothing, and lets jobs go on with the cache volumes that are there. "
            "The configuration is not changed:\n"
            "both programs read the same file. Exit code 1 when something stops the move.",
        .examples =
            "  runner migrate --dry-run            # only say it\n"
            "  runner migrate --dry-run --format json\n"
            "  runner migrate --switch             # also stop gitlab-runner and start runner\n"
            "  runner migrate --back               # the other way round\n",
        .flags = {config_flag(),
                  text_flag({"service", "n"}, "NAME",
                            "the official runner's service (default: gitlab-runner)"),
                  bool_flag({"dry-run"}, "write nothing"),
                  bool_flag({"switch"},
                            "stop the official service when its jobs have ended, and start "
                            "`runner` in its place"),
                  bool_flag({"force"}, "switch even when something stops the move"),
                  bool_flag({"back"}, "stop `runner` and start the official service again"),
                  format_flag()},
        .run = migrate_from_official};
}

}  // namespace runner::commands
