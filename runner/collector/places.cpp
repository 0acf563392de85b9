#include "runner/collector/places.hpp"

#include "executors/docker/engine_connection.hpp"
#include "runner/collector/cache_store.hpp"
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

std::filesystem::path cache_directory(const config::RunnerConfig& runner,
                                      const std::filesystem::path& working) {
    if (!runner.shared_host()) return {};
    const auto path = working / (runner.cache_dir.empty() ? "cache" : runner.cache_dir);
    return path.is_absolute() ? path.lexically_normal() : std::filesystem::path();
}

std::vector<std::shared_ptr<CacheStore>> cache_stores(const config::Config& config,
                                                      const std::filesystem::path& working) {
    std::set<std::filesystem::path> directories;
    for (const auto& runner : config.runners) directories.insert(cache_directory(runner, working));
    directories.erase(std::filesystem::path());
    std::vector<std::shared_ptr<CacheStore>> stores;
    for (const auto& path : directories) stores.push_back(std::make_shared<CacheStore>(path));
    return stores;
}

}  // namespace runner::collector
