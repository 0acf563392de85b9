#include "executors/docker/fill_containers.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "base/version.hpp"
#include "executors/docker/labels.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr const char* kFillPart = "-fill-";
constexpr const char* kRunnerId = "runner.id";
constexpr const char* kSystemId = "runner.system_id";

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// Another daemon, or this one, may be filling a volume now.
bool is_left(const Listed& container, const FillSweep& sweep) {
    const auto part = container.name.rfind(kFillPart);
    if (part == std::string::npos || sweep.in_use.contains(container.name.substr(0, part)))
        return false;
    const std::string owner = fill_owner(container.labels);
    const bool mine = !owner.empty() && owner == sweep.owner;
    // One that an owner has made is started next.
    const bool begins = container.state == "created" && !owner.empty();
    const bool runs = (container.state == "running" || begins) && !mine;
    const auto least = runs ? std::max(sweep.age, kLongestFill) : sweep.age;
    return seconds_now() - container.created >= least.count();
}

}  // namespace

std::string fill_container_name(const std::string& volume) {
    return volume + kFillPart + base::random_hex(4);
}

std::string shared_container_name(const std::string& volume) { return volume + kFillPart + "1"; }

std::map<std::string, std::string> fill_container_labels(
    const std::map<std::string, std::string>& job) {
    std::map<std::string, std::string> labels{{kHelperLabel, std::string(base::version())}};
    for (const char* name : {kRunnerId, kSystemId}) {
        const auto label = job.find(label_name(name));
        if (label != job.end()) labels.insert(*label);
    }
    return labels;
}

std::string fill_owner(const std::map<std::string, std::string>& labels) {
    const auto runner = labels.find(label_name(kRunnerId));
    const auto system = labels.find(label_name(kSystemId));
    if (runner == labels.end() || system == labels.end()) return {};
    return runner->second + "/" + system->second;
}

Task<Result<void>> remove_fill_containers(EngineApi& api, FillSweep sweep, RemovalTally& tally) {
    EngineApi::Labels labels{{kHelperLabel, ""}};
    auto listed = co_await api.list_containers(std::move(labels));
    if (!listed) co_return listed.error();
    for (const auto& container : *listed) {
        if (!is_left(container, sweep)) continue;
        auto gone = co_await api.remove_container(container.id, false);
        tally.note("container " + container.name, gone);
    }
    co_return Result<void>();
}

}  // namespace executors::docker
