#include "runner/collector/places.hpp"

#include "executors/docker/engine_connection.hpp"
#include "runner/collector/engine_store.hpp"

namespace runner::collector {

std::map<std::string, std::shared_ptr<Store>> engine_stores(
    const config::Config& config, executor_factory::ExecutorFactory& engines,
    const std::shared_ptr<UsageRecord>& record, const std::string& system_id) {
    std::map<std::string, std::shared_ptr<Store>> stores;
    std::set<std::string> tokens;
    for (const auto& runner : config.runners) tokens.insert(config::short_token(runner.token));
    for (const auto& runner : config.runners) {
        const std::string key = place_of(runner);
        if (key.empty() || stores.contains(key)) continue;
        auto engine = engines.engine(runner);
        if (engine) stores[key] = std::make_shared<EngineStore>(*engine, record, system_id, tokens);
    }
    return stores;
}

std::string place_of(const config::RunnerConfig& runner) {
    if (runner.executor_kind() != executors::ExecutorKind::kDocker) return {};
    return "engine " + executors::docker::engine_key(runner.docker);
}

std::filesystem::path builds_directory(const config::RunnerConfig& runner) {
    if (!runner.shared_host()) return {};
    return runner.builds_dir.empty() ? std::filesystem::current_path() / "builds"
                                     : std::filesystem::absolute(runner.builds_dir);
}

}  // namespace runner::collector
