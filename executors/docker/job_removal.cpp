#include "executors/docker/job_removal.hpp"

#include <utility>
#include <vector>

#include "base/run_together.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

Task<Result<void>> kill_containers(EngineApi& api, const JobObjects& objects) {
    std::vector<Task<Result<void>>> kills;
    for (const auto& id : objects.services) kills.push_back(api.kill_container(id));
    if (!objects.container.empty()) kills.push_back(api.kill_container(objects.container));
    auto killed = co_await base::run_every(std::move(kills));
    co_return killed;
}

Task<Result<void>> remove_objects(EngineApi& api, const JobObjects& objects,
                                  bool keep_anonymous_volumes) {
    std::vector<Task<Result<void>>> containers;
    for (const auto& id : objects.services) {
        containers.push_back(api.remove_container(id, keep_anonymous_volumes));
    }
    if (!objects.container.empty()) {
        containers.push_back(api.remove_container(objects.container, keep_anonymous_volumes));
    }
    auto removed = co_await base::run_every(std::move(containers));
    std::vector<Task<Result<void>>> rest;
    for (const auto& name : objects.volumes) rest.push_back(api.remove_volume(name));
    if (!objects.network.empty()) rest.push_back(api.remove_network(objects.network));
    auto others = co_await base::run_every(std::move(rest));
    if (!removed) co_return removed;
    co_return others;
}

Task<Result<void>> remove_labelled(EngineApi& api, std::map<std::string, std::string> labels,
                                   bool keep_anonymous_volumes) {
    auto listed = co_await api.list_containers(std::move(labels));
    if (!listed) co_return listed.error();
    std::vector<Task<Result<void>>> tasks;
    for (const auto& container : *listed) {
        tasks.push_back(api.remove_container(container.id, keep_anonymous_volumes));
    }
    auto removed = co_await base::run_every(std::move(tasks));
    co_return removed;
}

}  // namespace executors::docker
