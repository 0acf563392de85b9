#include "executors/docker/fill_containers.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr const char* kPart = "-fill-";
constexpr std::chrono::seconds kLongestFill{600};

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

std::string fill_container_name(const std::string& volume) {
    return volume + kPart + base::random_hex(4);
}

Task<Result<int>> remove_fill_containers(EngineApi& api, std::chrono::seconds age) {
    EngineApi::Labels labels{{kHelperLabel, ""}};
    auto listed = co_await api.list_containers(std::move(labels));
    if (!listed) co_return listed.error();
    int removed = 0;
    for (const auto& container : *listed) {
        if (container.name.find(kPart) == std::string::npos) continue;
        const auto old = seconds_now() - container.created;
        // Another daemon, or this one, may be filling a volume now.
        if (old < (container.state == "running" ? std::max(age, kLongestFill) : age).count())
            continue;
        auto gone = co_await api.remove_container(container.id, false);
        if (!gone) co_return gone.error().with_context("remove the container " + container.name);
        ++removed;
    }
    co_return removed;
}

}  // namespace executors::docker
