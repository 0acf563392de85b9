#include "executors/docker/sidecar_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/no_proxy.hpp"
#include "base/strings.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_files.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

bool is_proxy(const EnvironmentVariable& variable) {
    const std::string name = base::to_lower(variable.name);
    return (name == "http_proxy" || name == "https_proxy") && !variable.value.empty();
}

/// Where the job has a proxy, the engine reaches private registries without it.
std::vector<EnvironmentVariable> with_direct_hosts(
    std::vector<EnvironmentVariable> environment, const std::vector<DeclaredRegistry>& registries) {
    if (std::none_of(environment.begin(), environment.end(), is_proxy)) return environment;
    std::vector<RegistrySettings> settings;
    for (const auto& registry : registries) settings.push_back(registry.settings);
    const std::string hosts = base::join(direct_hosts(settings), ",");
    bool found = false;
    for (auto& variable : environment) {
        if (base::to_lower(variable.name) != "no_proxy") continue;
        variable.value = base::complete_no_proxy(variable.value, hosts);
        found = true;
    }
    if (!found) environment.push_back({"NO_PROXY", hosts});
    return environment;
}

}  // namespace

Result<PlannedService> plan_sidecar_engine(const DindSettings& dind, const JobEnvironment& job,
                                           const std::string& container_base,
                                           const std::vector<DeclaredRegistry>& registries,
                                           int mtu) {
    PlannedService engine;
    engine.spec.image.name = dind.image;
    engine.spec.command = {"dockerd", std::string("--host=unix://") + kEngineDir + "/docker.sock",
                           "--host=unix:///var/run/docker.sock"};
    auto text = merge_daemon_json(registries, mtu, {}, {});
    if (!text) return text.error();
    engine.files.emplace_back(kDaemonJson, *text);
    for (const auto& registry : registries) {
        if (registry.ca_pem.empty()) continue;
        engine.files.emplace_back(registry_ca_path(registry.settings.host), registry.ca_pem);
    }
    engine.spec.environment = with_direct_hosts(job.environment, registries);
    engine.spec.environment.push_back({"DOCKER_TLS_CERTDIR", ""});
    engine.container_name = container_base + "-engine";
    engine.aliases = {"docker"};
    engine.slug = "engine";
    engine.version = "latest";
    engine.privileged = true;
    return engine;
}

Task<Result<void>> SidecarEngine::start(const std::vector<DeclaredRegistry>& registries) {
    auto& objects = context_.objects;
    context_.log.print("The image has no Docker engine: " + context_.dind.image +
                       " runs beside it");
    auto made = co_await volumes_.add_engine_volume();
    if (!made) co_return made;
    auto mtu = co_await network_.inner_mtu();
    if (!mtu) co_return mtu.error();
    auto engine = plan_sidecar_engine(context_.dind, context_.job, objects.base, registries, *mtu);
    if (!engine) co_return engine.error();
    std::vector<PlannedService> one;
    one.push_back(std::move(*engine));
    const auto surroundings = make_surroundings(context_, network_, volumes_);
    auto started = co_await services_.start(std::move(one), surroundings);
    if (started && !objects.services.empty()) objects.engine_container = objects.services.back();
    co_return started;
}

}  // namespace executors::docker
