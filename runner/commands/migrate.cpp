#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/system_id.hpp"
#include "runner/executor_factory/executor_factory.hpp"
#include "runner/journal/state_dir.hpp"
#include "runner/migrate/config_report.hpp"
#include "runner/migrate/service.hpp"
#include "runner/migrate/volume_adoption.hpp"
#include "runner/systemctl/unit_state.hpp"

namespace runner::commands {

namespace {

namespace fs = std::filesystem;

using migrate::ConfigLine;
using Meaning = ConfigLine::Meaning;

constexpr const char* kSystemConfig = "/etc/gitlab-runner/config.toml";

std::string counted(std::size_t number, std::string_view thing) {
    return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

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
        : values_(values),
          official_(values.text("service").empty() ? "gitlab-runner" : values.text("service")),
          systemctl_([this](std::vector<std::string> arguments) {
              return run_systemctl(calls_, std::move(arguments));
          }) {}

    int run() {
        if (values_.flag("back")) return go_back();
        look_at_official();
        auto inspection = read_config();
        if (!inspection) return fail(inspection.error());
        print_service(inspection->config);
        auto adopted = print_volumes(inspection->config);
        if (!adopted) return fail(adopted.error());
        print_sum();
        if (values_.flag("dry-run")) return stops_ == 0 ? 0 : 1;
        if (auto written = write(*adopted, path_); !written) return fail(written.error());
        if (!values_.flag("switch")) return print_next();
        return switch_if_possible();
    }

  private:
    void look_at_official() {
        auto service = systemctl::look_at(systemctl_, official_);
        if (service)
            service_ = std::move(*service);
        else
            no_systemd_ = service.error().message;
        if (values_.has("config")) {
            path_ = fs::absolute(config_path(values_));
        } else {
            const std::string named = service_.flag("config");
            path_ = named.empty() ? fs::absolute(config_path(values_)) : fs::path(named);
        }
    }

    base::Result<config::Inspection> read_config() {
        auto text = config::read_config_text(path_);
        if (!text) return text.error();
        auto root = config::parse_toml(*text, path_.string());
        if (!root) return root.error();
        auto inspection = config::inspect(*root, path_);
        print(fmt::format("The configuration {}\n", path_.string()));
        for (const auto& line : migrate::report_config(*root, inspection)) print_line(line);
        return inspection;
    }

    void print_line(const ConfigLine& line) {
        ++counts_[line.meaning];
        if (line.meaning == Meaning::kStops) ++stops_;
        const std::string name =
            std::string(static_cast<std::size_t>(line.depth) * 2, ' ') + line.key;
        print(fmt::format("{:>5}  {:<36} {:<13} {}", line.line, name, name_of(line.meaning),
                          line.text));
    }

    /// fmt::format() and print(), without blanks at the end.
    static void print(std::string text) {
        while (text.ends_with(' ')) text.pop_back();
        commands::print(text + "\n");
    }

    void stop(const std::string& why) {
        ++stops_;
        print("       STOPS: " + why);
    }

    void print_service(const config::Config& config) {
        print(fmt::format("\nThe service {}", official_));
        if (!no_systemd_.empty())
            return print("       " + no_systemd_.substr(0, no_systemd_.find('\n')));
        if (!service_.installed) return print("       is not installed");
        print(fmt::format("       {}, {}: {}", service_.active ? "active" : "not active",
                          service_.enabled ? "starts at boot" : "does not start at boot",
                          base::join(service_.command, " ")));
        const bool shell = std::any_of(
            config.runners.begin(), config.runners.end(), [](const config::RunnerConfig& runner) {
                return runner.executor_kind() == executors::ExecutorKind::kShell;
            });
        if (!shell) return;
        compare_users();
        if (const std::string directory = service_.flag("working-directory"); !directory.empty()) {
            print(
                fmt::format("       shell jobs have builds and caches in {0}: set builds_dir = "
                            "\"{0}/builds\" and cache_dir = \"{0}/cache\" to go on with them",
                            directory));
        }
    }

    /// Scripts of the shell executor rely on the user and on its home.
    void compare_users() {
        const auto own = systemctl::look_at(systemctl_, "runner");
        const std::string there = user_of(service_);
        const std::string here = own ? user_of(*own) : "root";
        if (there == here) return print(fmt::format("       shell jobs run as {} here, too", here));
        stop(
            fmt::format("shell jobs run as {0} there and as {1} here: give `run` in ExecStart= of "
                        "runner.service --user {0} (systemctl edit runner)",
                        there, here));
    }

    base::Result<journal::AdoptedVolumes> print_volumes(const config::Config& config) {
        auto adopted = journal::AdoptedVolumes::read(journal::state_directory_for(path_));
        if (!adopted) return adopted.error();
        print("\nCaches");
        executor_factory::ExecutorFactory executors(calls_.executor());
        const std::string system_id = config::read_system_id(path_);
        for (const auto& runner : config.runners) {
            if (runner.executor_kind() != executors::ExecutorKind::kDocker) continue;
            const std::string name = fmt::format("       runner \"{}\": ", runner.name);
            if (!runner.docker.cache_dir.empty()) {
                print(name +
                      "those below cache_dir stay cold: their directories have the hash of "
                      "the token in their names and nothing that says their project");
            }
            auto volumes = calls_.wait(executors.managed_volumes(runner));
            if (!volumes) {
                print(name +
                      "its volumes cannot be listed, and stay cold: " + volumes.error().message);
                continue;
            }
            const auto plan = migrate::plan_volumes(runner, system_id, *volumes);
            migrate::adopt(plan, *adopted);
            print_plan(name, plan);
        }
        return adopted;
    }

    static void print_plan(const std::string& name, const migrate::VolumePlan& plan) {
        int volumes = 0;
        for (const auto& slot : plan.slots) volumes += slot.volumes;
        if (volumes > 0) {
            print(fmt::format("{}{} of {} are used as they are, nothing is copied", name,
                              counted(static_cast<std::size_t>(volumes), "volume"),
                              counted(plan.slots.size(), "place of a project")));
        }
        if (!plan.replaced.empty()) {
            print(fmt::format("{}{} not used: jobs have run here already and made new ones", name,
                              counted(plan.replaced.size(), "volume")));
        }
        if (!plan.of_another_token.empty()) {
            print(
                fmt::format("{}{} not used: made with an earlier token or system id of this runner",
                            name, counted(plan.of_another_token.size(), "volume")));
        }
        if (volumes == 0 && plan.replaced.empty() && plan.of_another_token.empty())
            print(name + "there are no volumes of it");
    }

    void print_sum() {
        print(fmt::format("\n{} work, {} differ, {} do nothing here, {} stop the move",
                          counts_[Meaning::kWorks], counts_[Meaning::kDiffers],
                          counts_[Meaning::kNoEffect], stops_));
    }

    int print_next() {
        if (const auto wrong = wrong_place(path_); stops_ == 0 && !wrong.empty()) {
            print("Next: " + wrong + ", then runner migrate --switch");
            return 0;
        }
        print(stops_ == 0 ? fmt::format("Next: runner migrate --switch   (back: runner migrate "
                                        "--back)")
                          : "Mend what stops the move first, or take it with --switch --force");
        return stops_ == 0 ? 0 : 1;
    }

    int go_back() {
        if (values_.flag("switch")) return fail("--switch and --back exclude each other");
        if (!values_.flag("dry-run")) return switch_services("runner", official_);
        print(fmt::format("--back would stop runner when its jobs have ended, and start {}",
                          official_));
        return 0;
    }

    int switch_if_possible() {
        if (stops_ > 0 && !values_.flag("force"))
            return fail("something stops the move: see above, or add --force");
        if (const auto wrong = wrong_place(path_); !wrong.empty()) return fail(wrong);
        return switch_services(official_, "runner");
    }

    int switch_services(const std::string& from, const std::string& by) {
        for (const std::string& name : {from, by}) {
            auto service = systemctl::look_at(systemctl_, name);
            if (!service) return fail(service.error());
            if (!service->installed) return fail(fmt::format("there is no service {}", name));
        }
        calls_.hold_signals();
        migrate::ServiceSwitch services(systemctl_, [](const std::string& text) { print(text); });
        auto replaced = services.replace(from, by);
        if (!replaced) return fail(replaced.error());
        print(fmt::format("{} runs in the place of {}", by, from));
        return 0;
    }

    const Values& values_;
    std::string official_;
    BlockingCalls calls_;
    systemctl::Systemctl systemctl_;
    systemctl::UnitState service_;
    std::string no_systemd_;
    fs::path path_;
    std::map<Meaning, int> counts_;
    int stops_ = 0;
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
                  bool_flag({"back"}, "stop `runner` and start the official service again")},
        .run = migrate_from_official};
}

}  // namespace runner::commands
