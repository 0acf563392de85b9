#include <charconv>
#include <optional>
#include <utility>

#include "executors/docker/docker_executor.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/removal_tally.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr const char* kJobId = "com.gitlab.gitlab-runner.job.id";
constexpr const char* kReusable = "com.gitlab.gitlab-runner.reusable";

std::string label(const Listed& item, const char* name) {
    const auto found = item.labels.find(name);
    return found == item.labels.end() ? std::string() : found->second;
}

/// What belongs to jobs that run on.
struct Live {
    std::set<std::int64_t> jobs;
    std::set<std::string> things;
};

bool is_live(const Listed& item, const Live& live) {
    // An environment that was made ahead has no job in its labels.
    if (live.things.contains(item.id) || live.things.contains(item.name)) return true;
    const std::string text = label(item, kJobId);
    std::int64_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    return live.jobs.contains(id);
}

/// The fillers of this runner, whose daemon begins only now.
FillSweep fill_sweep(EngineConnection& connection,
                     const std::map<std::string, std::string>& labels) {
    FillSweep sweep;
    sweep.owner = fill_owner(labels);
    sweep.in_use = {connection.git_mirrors().background().volume(),
                    connection.builder_volumes().background().volume()};
    return sweep;
}

/// What has all of the labels, but for what is live and volumes that later jobs reuse.
Task<Result<void>> remove_listed(EngineApi& api, std::map<std::string, std::string> labels,
                                 const Live& live, RemovalTally& tally) {
    auto containers = co_await api.list_containers(labels);
    if (!containers) co_return containers.error();
    for (const auto& item : *containers) {
        if (is_live(item, live)) continue;
        auto removed = co_await api.remove_container(item.id, false);
        tally.note("container " + item.name, removed);
    }
    auto networks = co_await api.list_networks(labels);
    if (!networks) co_return networks.error();
    for (const auto& item : *networks) {
        if (is_live(item, live)) continue;
        auto removed = co_await api.remove_network(item.id);
        tally.note("network " + item.name, removed);
    }
    auto volumes = co_await api.list_volumes(labels);
    if (!volumes) co_return volumes.error();
    for (const auto& item : *volumes) {
        if (is_live(item, live) || label(item, kReusable) == "true") continue;
        auto removed = co_await api.remove_volume(item.name);
        tally.note("volume " + item.name, removed);
    }
    co_return Result<void>();
}

}  // namespace

std::set<std::string> things_of(const std::string& saved_state) {
    auto objects = JobObjects::from_json(saved_state);
    if (!objects) return {};
    std::set<std::string> things(objects->volumes.begin(), objects->volumes.end());
    things.insert(objects->services.begin(), objects->services.end());
    things.insert(objects->container);
    things.insert(objects->network);
    things.erase("");
    return things;
}

Task<Result<int>> remove_leftovers(std::shared_ptr<EngineConnection> connection,
                                   std::map<std::string, std::string> labels,
                                   std::set<std::int64_t> live_jobs,
                                   std::set<std::string> live_things) {
    const Live live{std::move(live_jobs), std::move(live_things)};
    EngineApi& api = connection->api();
    RemovalTally tally;
    auto sweep = fill_sweep(*connection, labels);
    auto fillers = co_await remove_fill_containers(api, std::move(sweep), tally);
    if (!fillers) co_return fillers.error();
    auto removed = co_await remove_listed(api, std::move(labels), live, tally);
    if (!removed) co_return removed.error();
    co_return tally.result();
}

Task<Result<void>> remove_leftovers_of_job(EngineApi& api,
                                           std::map<std::string, std::string> labels) {
    if (!labels.contains(kJobId)) co_return Result<void>();
    // The configuration may have added labels since.
    const auto of_runner = labels_of_runner("", "");
    std::erase_if(labels, [&](const auto& entry) {
        return entry.first != kJobId && !of_runner.contains(entry.first);
    });
    RemovalTally tally;
    const Live nothing;
    auto removed = co_await remove_listed(api, std::move(labels), nothing, tally);
    if (!removed) co_return removed;
    const auto result = tally.result();
    if (!result) co_return result.error();
    co_return Result<void>();
}

}  // namespace executors::docker
