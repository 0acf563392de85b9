#include "runner/executor_factory/executor_factory.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "executors/custom/custom_executor.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/labels.hpp"
#include "executors/shell/shell_executor.hpp"

namespace runner::executor_factory {

base::Result<ExecutorFactory::Connection> ExecutorFactory::engine_of(
    const executors::docker::DockerSettings& settings) {
    const std::string key = executors::docker::engine_key(settings);
    if (const auto known = engines_.find(key); known != engines_.end()) return known->second;
    auto made = executors::docker::make_engine_connection(executor_, settings, "", background_);
    if (!made) return made.error();
    (*made)->usage().share(uses_by_engine_);
    if (uses_) (*made)->usage().record_to(uses_);
    pass_disk_pressure(**made);
    (*made)->refresh().on_replaced(
        [this, engine = made->get()](const std::string& image, const std::string& id) {
            if (pool_) pool_->image_replaced(*engine, image, id);
        });
    engines_[key] = *made;
    return *made;
}

void ExecutorFactory::set_disk_pressure(std::function<std::string()> pressure) {
    disk_pressure_ = std::move(pressure);
    for (const auto& [key, engine] : engines_) pass_disk_pressure(*engine);
}

void ExecutorFactory::pass_disk_pressure(executors::docker::EngineConnection& engine) const {
    engine.git_mirrors().background().set_pressure(disk_pressure_);
    engine.builder_volumes().background().set_pressure(disk_pressure_);
}

void ExecutorFactory::stop() {
    for (const auto& [key, engine] : engines_) {
        engine->builder_volumes().background().stop();
        engine->git_mirrors().background().stop();
    }
}

base::Result<std::unique_ptr<executors::Executor>> ExecutorFactory::make(
    const config::RunnerConfig& runner) {
    const auto kind = runner.executor_kind();
    if (!kind) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                "the executor \"" + runner.executor +
                                    "\" is not known: there are " +
                                    std::string(executors::kExecutorNames));
    }
    if (*kind == executors::ExecutorKind::kShell) {
        return executors::shell::make_shell_executor(
            executor_, {.shell = runner.shell, .user = shell_user_, .helper = {}});
    }
    if (*kind == executors::ExecutorKind::kCustom)
        return executors::custom::make_custom_executor(executor_, runner.custom);
    auto engine = engine_of(runner.docker);
    if (!engine) return engine.error();
    return executors::docker::make_docker_executor(executor_, *engine, runner.docker, runner.dind,
                                                   runner.registries, pool_);
}

void ExecutorFactory::open_pool(std::function<std::string()> pressure) {
    executors::docker::WarmPool::Surroundings surroundings;
    surroundings.pressure = std::move(pressure);
    pool_ = std::make_shared<executors::docker::WarmPool>(executor_, std::move(surroundings));
}

void ExecutorFactory::configure_pool(const config::Config& config,
                                     const std::function<bool(const std::string&)>& paused) {
    if (!pool_) return;
    std::vector<executors::docker::WarmRunner> runners;
    for (const auto& runner : config.runners) {
        const bool docker = runner.executor_kind() == executors::ExecutorKind::kDocker;
        if (!docker || !runner.problem.empty()) continue;
        const int places =
            runner.limit > 0 ? std::min(runner.limit, config.concurrent) : config.concurrent;
        std::vector<std::string> others = runner.environment;
        others.push_back(runner.builds_dir);
        others.push_back(runner.cache_dir);
        runners.push_back({.id = config::short_token(runner.token),
                           .docker = &runner.docker,
                           .dind = &runner.dind,
                           .registries = &runner.registries,
                           .others = std::move(others),
                           .places = places,
                           .paused = paused(runner.name)});
    }
    pool_->configure(runners);
}

std::vector<ExecutorFactory::UsedEngine> ExecutorFactory::used_engines() const {
    std::vector<UsedEngine> used;
    for (const auto& [key, engine] : engines_) {
        used.push_back({engine->api().endpoint().shown, engine->known_version()});
    }
    return used;
}

base::Task<void> ExecutorFactory::remove_leftovers(std::shared_ptr<const config::Config> config,
                                                   std::string system_id, LiveJobs live,
                                                   OnRemoved on_removed) {
    std::set<std::string> things;
    for (const auto& state : live.saved_states) things.merge(executors::docker::things_of(state));
    for (const auto& runner : config->runners) {
        if (runner.executor_kind() != executors::ExecutorKind::kDocker) continue;
        auto mine =
            executors::docker::labels_of_runner(config::short_token(runner.token), system_id);
        auto engine = engine_of(runner.docker);
        if (!engine) continue;  // the first job says what is wrong with it
        auto task = executors::docker::remove_leftovers(*engine, std::move(mine), live.ids, things);
        auto removed = co_await std::move(task);
        if (!removed) {
            base::log::warning("Leftovers of former jobs could not be removed",
                               {{"runner", config::short_token(runner.token)},
                                {"runner_name", runner.name},
                                {"error", removed.error().message}});
        } else if (*removed > 0) {
            base::log::info("Removed what former jobs left behind",
                            {{"runner", config::short_token(runner.token)},
                             {"runner_name", runner.name},
                             {"count", *removed}});
            on_removed(runner, *removed);
        }
    }
}

base::Task<base::Result<std::map<std::string, std::map<std::string, std::string>>>>
ExecutorFactory::managed_volumes(const config::RunnerConfig& runner) {
    auto engine = engine_of(runner.docker);
    if (!engine) co_return engine.error();
    executors::docker::EngineApi::Labels wanted{{executors::docker::label_name("managed"), "true"}};
    auto task = (*engine)->api().list_volumes(std::move(wanted));
    auto listed = co_await std::move(task);
    if (!listed) co_return listed.error();
    std::map<std::string, std::map<std::string, std::string>> volumes;
    for (auto& volume : *listed) volumes[volume.name] = std::move(volume.labels);
    co_return volumes;
}

}  // namespace runner::executor_factory
