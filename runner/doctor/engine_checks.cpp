#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "executors/docker/docker_executor.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/labels.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/judge_engine.hpp"
#include "runner/doctor/judge_machine.hpp"
#include "runner/journal/inspection.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::doctor {

using base::Result;
using base::Task;
using executors::docker::engine_key;
using executors::docker::EngineConnection;
using executors::docker::EngineInfo;
using executors::docker::label_name;

namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;
using Engine = std::shared_ptr<EngineConnection>;

Finding unreachable() { return skipped("the engine does not answer (see engine)"); }

Task<Result<Finding>> check_engine(Engine engine) {
    const auto info = co_await engine->info();
    if (!info && info.error().is(base::ErrorKind::kCancelled)) co_return info.error();
    co_return judge_engine(engine->api().endpoint().shown, info);
}

/// A check of what the engine says about itself.
Task<Result<Finding>> check_info(Engine engine, Finding (*judge)(const EngineInfo&)) {
    const auto info = co_await engine->info();
    if (!info) co_return unreachable();
    co_return judge(*info);
}

Finding judge_own_storage(const EngineInfo& info) { return judge_storage(Place::kEngine, info); }
Finding judge_clock_now(const EngineInfo& info) {
    return judge_engine_clock(info, base::unix_micros_now() / 1'000'000);
}

Task<Result<Finding>> check_engine_disk(const Context& context, Engine engine) {
    const auto info = co_await engine->info();
    if (!info) co_return unreachable();
    if (!engine->api().endpoint().local) co_return skipped("the engine runs on another machine");
    if (info->root_directory.empty()) co_return skipped("the engine does not tell its directory");
    auto probing = probe_host(context, {"disk", info->root_directory});
    auto measured = co_await std::move(probing);
    if (!measured) co_return measured.error();
    const DiskNeed need{.problem_below = kGigabyte,
                        .warning_below = 5 * kGigabyte,
                        .remedy = "docker system prune --all, or a larger disk for the engine"};
    co_return judge_disks(measured->disks, need);
}

using Labels = executors::docker::EngineApi::Labels;

/// The labels of what the runners of the configuration make on the engine, for each runner its own.
std::vector<Labels> labels_on(const Context& context, const std::string& engine) {
    std::vector<Labels> all;
    for (const config::RunnerConfig& runner : context.config->runners) {
        if (runner.executor_kind() != executors::ExecutorKind::kDocker) continue;
        if (engine_key(runner.docker) != engine) continue;
        all.push_back(executors::docker::labels_of_runner(config::short_token(runner.token),
                                                          context.system_id));
    }
    return all;
}

/// How many containers belong to jobs that nobody carries on. The journal is read after the list,
/// so that a job that begins meanwhile does not count.
Task<Result<std::size_t>> count_leftovers(const Context& context, Engine engine, Labels labels) {
    auto listed = co_await engine->api().list_containers(labels);
    if (!listed) co_return listed.error();
    const auto live = journal::job_ids(context.state_directory);
    std::size_t count = 0;
    for (const auto& container : *listed) {
        const auto id = container.labels.find(label_name("job.id"));
        if (id != container.labels.end() && !live.contains(std::atoll(id->second.c_str()))) ++count;
    }
    co_return count;
}

/// Keeps daemons from starting meanwhile: one could begin a job that looks like a leftover.
Task<Result<Finding>> remove_leftovers(const Context& context, Engine engine,
                                       std::vector<Labels> runners) {
    const auto lock = journal::StateDir::acquire(context.state_directory);
    if (!lock)
        co_return warning("a daemon runs; it removes leftovers when it starts",
                          "systemctl restart runner");
    std::set<std::string> things;
    for (const auto& job : journal::find_jobs(context.state_directory))
        things.merge(executors::docker::things_of(job.checkpoint.executor_state));
    int count = 0;
    for (std::size_t i = 0; i < runners.size(); ++i) {
        auto live = journal::job_ids(context.state_directory);
        auto task =
            executors::docker::remove_leftovers(engine, runners[i], std::move(live), things);
        auto removed = co_await std::move(task);
        if (!removed)
            co_return problem(removed.error().message, "remove them with docker rm --force");
        count += *removed;
    }
    co_return ok(fmt::format("removed {} containers, networks and volumes", count));
}

Task<Result<Finding>> check_leftovers(const Context& context, Engine engine, std::string key) {
    const auto info = co_await engine->info();
    if (!info) co_return unreachable();
    const auto runners = labels_on(context, key);
    std::size_t count = 0;
    for (std::size_t i = 0; i < runners.size(); ++i) {
        auto counted = co_await count_leftovers(context, engine, runners[i]);
        if (!counted) co_return counted.error();
        count += *counted;
    }
    if (count == 0) co_return ok("no containers of dead jobs");
    if (context.options.fix) {
        auto removed = co_await remove_leftovers(context, engine, runners);
        co_return std::move(removed);
    }
    co_return warning(fmt::format("{} containers of jobs that nobody carries on", count),
                      "runner doctor --fix, or start the daemon, which removes them");
}

void add_checks_of(const Context& context, const Engine& engine, const std::string& key,
                   Checks& checks) {
    const std::string where = engine->api().endpoint().shown;
    const auto add = [&](const char* name, auto run) {
        checks.push_back({.place = Place::kEngine, .where = where, .name = name, .run = run});
    };
    add("engine", [engine] { return check_engine(engine); });
    add("storage", [engine] { return check_info(engine, judge_own_storage); });
    add("cgroups", [engine] { return check_info(engine, judge_engine_cgroups); });
    add("clock", [engine] { return check_info(engine, judge_clock_now); });
    add("disk", [&context, engine] { return check_engine_disk(context, engine); });
    add("leftovers", [&context, engine, key] { return check_leftovers(context, engine, key); });
}

Task<Result<Finding>> wrong_address(std::string text) {
    co_return problem(text, "correct host in [runners.docker], or DOCKER_HOST of the service");
}

}  // namespace

void add_engine_checks(const Context& context, Checks& checks) {
    std::set<std::string> engines;
    for (const config::RunnerConfig* runner : context.runners) {
        if (runner->executor_kind() != executors::ExecutorKind::kDocker) continue;
        const std::string key = engine_key(runner->docker);
        if (!engines.insert(key).second) continue;
        auto engine = context.connect_engine(context.executor, runner->docker);
        if (engine) {
            add_checks_of(context, *engine, key, checks);
            continue;
        }
        const std::string text = engine.error().message;
        checks.push_back({.place = Place::kEngine,
                          .where = runner->docker.host,
                          .name = "engine",
                          .run = [text] { return wrong_address(text); }});
    }
}

}  // namespace runner::doctor
