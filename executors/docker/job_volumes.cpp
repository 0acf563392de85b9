#include "executors/docker/job_volumes.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/run_together.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using nlohmann::json;

Result<void> JobVolumes::plan() {
    auto planned = plan_volumes(context_.job, context_.docker, context_.objects.volume_base);
    if (!planned) return planned.error();
    plan_ = std::move(*planned);
    return {};
}

std::string JobVolumes::body_of(const ManagedVolume& volume) const {
    auto labels = context_.job.labels;
    labels[label_name("type")] = "cache";
    labels[label_name("destination")] = volume.destination;
    labels[label_name("protected")] = context_.job.protected_ref ? "true" : "false";
    labels[label_name("reusable")] = volume.reusable ? "true" : "false";
    json body = {{"Name", volume.name}, {"Labels", labels}};
    const DockerSettings& docker = context_.docker;
    if (!docker.volume_driver.empty()) body["Driver"] = docker.volume_driver;
    if (!docker.volume_driver_ops.empty()) body["DriverOpts"] = docker.volume_driver_ops;
    return body.dump();
}

const ManagedVolume* JobVolumes::builds() const {
    const std::string& wanted = context_.job.builds_dir;
    const auto found = std::find_if(plan_.managed.begin(), plan_.managed.end(),
                                    [&](const auto& one) { return one.destination == wanted; });
    return found == plan_.managed.end() ? nullptr : &*found;
}

const ManagedVolume* JobVolumes::new_builds() const { return has_builds_ ? nullptr : builds(); }

Task<Result<void>> JobVolumes::look_for_builds() {
    const ManagedVolume* volume = builds();
    if (!context_.job.git_mirror || context_.held || volume == nullptr) co_return Result<void>();
    auto there = co_await context_.api().has_volume(volume->name);
    if (!there) co_return there.error();
    has_builds_ = *there;
    co_return Result<void>();
}

Task<Result<void>> JobVolumes::make() {
    auto looked = co_await look_for_builds();
    if (!looked) co_return looked;
    std::vector<Task<Result<void>>> tasks;
    for (const auto& volume : plan_.managed) {
        if (volume.reusable) {
            context_.engine.usage().use_volume(context_.objects.base, volume.name);
        } else {
            context_.objects.volumes.push_back(volume.name);
        }
        tasks.push_back(make_one(body_of(volume)));
    }
    auto made = co_await base::run_together(std::move(tasks));
    co_return made;
}

Task<Result<void>> JobVolumes::make_one(std::string body) {
    auto task = context_.api().create_volume(std::move(body));
    auto made = co_await run_uncancelled(std::move(task));
    co_return made;
}

Task<Result<void>> JobVolumes::add_engine_volume() {
    auto made = co_await add_temporary("engine", kEngineDir);
    co_return made;
}

Task<Result<void>> JobVolumes::add_certificates(std::string path) {
    if (!path.starts_with("/") || is_mounted(plan_.binds, path)) co_return Result<void>();
    auto made = co_await add_temporary("certificates" + std::to_string(plan_.binds.size()), path);
    co_return made;
}

/// The bind comes first: calls may overlap, and one volume for a path is enough.
Task<Result<void>> JobVolumes::add_temporary(std::string name, std::string path) {
    const std::string full = context_.objects.base + "-" + name;
    auto labels = context_.job.labels;
    labels[label_name("type")] = "engine";
    const json body = {{"Name", full}, {"Labels", labels}};
    context_.objects.volumes.push_back(full);
    plan_.binds.push_back(full + ":" + path);
    auto made = co_await make_one(body.dump());
    co_return made;
}

}  // namespace executors::docker
