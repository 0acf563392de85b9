#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runner/collector/cache_store.hpp"
#include "runner/collector/store.hpp"
#include "runner/collector/usage_record.hpp"
#include "runner/config/config.hpp"
#include "runner/executor_factory/executor_factory.hpp"

namespace runner::collector {

/// The engines of the configuration's runners by place_of(). An engine whose address is wrong is
/// left out: the first job says what is wrong with it. Nothing is asked of the engines.
std::map<std::string, std::shared_ptr<Store>> engine_stores(
    const config::Config& config, executor_factory::ExecutorFactory& engines,
    const std::shared_ptr<UsageRecord>& record, const std::string& system_id);

/// Tells the engines of runners apart; "" for a runner without one.
std::string place_of(const config::RunnerConfig& runner);

/// Where the jobs of a runner have their directories on this machine; "" when they have none.
std::filesystem::path builds_directory(const config::RunnerConfig& runner);
/// The same of their caches. `working` is the daemon's working directory, or "" where it is not
/// known: then there is only what the configuration names whole.
std::filesystem::path cache_directory(const config::RunnerConfig& runner,
                                      const std::filesystem::path& working);

/// The cache directories of the configuration's runners, each once.
std::vector<std::shared_ptr<CacheStore>> cache_stores(const config::Config& config,
                                                      const std::filesystem::path& working);

}  // namespace runner::collector
