#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "executors/docker/engine_parse.hpp"
#include "runner/collector/item.hpp"
#include "runner/collector/usage_record.hpp"

/// What on an engine is ours, of what the engine lists. Pure.
namespace runner::collector {

struct EngineContent {
    std::vector<executors::docker::Listed> containers;  ///< all, of anybody
    std::vector<executors::docker::Listed> volumes;
    std::vector<executors::docker::ListedImage> images;
};

/// What this machine's runner knows of its use.
struct EngineKnowledge {
    std::string system_id;
    std::set<std::string> runners;  ///< short tokens of those that are configured
    std::map<std::string, std::int64_t> used_volumes;
    std::map<std::string, UsageRecord::PulledImage> pulled_images;
    std::function<bool(const std::string&)> holds_volume;  ///< a running job does
    std::function<bool(const std::string&)> holds_image;
};

/// Volumes that outlive jobs and have the labels of this system id and of a configured runner, or
/// that jobs of this state directory have used (the runner may be gone, or have another token
/// since; other daemons of the machine have the same system id). Volumes with the programs of
/// former versions that this runner has used, and images that only this runner has pulled. What is
/// in use, and an image that somebody has given another name, is among them with the reason.
std::vector<Item> items_on_engine(const EngineContent& content, const EngineKnowledge& known);

}  // namespace runner::collector
