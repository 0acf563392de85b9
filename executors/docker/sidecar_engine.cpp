#include "executors/docker/sidecar_engine.hpp"

#include <utility>

#include "base/strings.hpp"
#include "executors/docker/build_cache.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_files.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

std::vector<std::string> engine_command(const ClientPlan& client) {
    const std::string shared = std::string("--host=unix://") + kEngineDir + "/docker.sock";
    // The entrypoint of docker:dind makes the certificates, and adds the other listeners.
    if (!client.certificates.empty()) return {shared};
    std::vector<std::string> command{"dockerd", shared,
                                     std::string("--host=unix://") + kEngineSocket};
    // Without --tls the engine sleeps for 16 s to warn of a port without TLS.
    if (client.open_port) {
        command.insert(command.end(), {"--host=tcp://0.0.0.0:2375", "--tls=false"});
    }
    return command;
}

std::string no_proxy_of(const std::vector<DeclaredRegistry>& registries) {
    std::vector<RegistrySettings> settings;
    for (const auto& registry : registries) settings.push_back(registry.settings);
    return base::join(direct_hosts(settings), ",");
}

/// The job's public variables, without those of its docker client: dockerd has some of these names,
/// too.
std::vector<EnvironmentVariable> engine_environment(const SidecarInput& input) {
    std::vector<EnvironmentVariable> environment;
    for (const auto& variable : input.job.environment) {
        if (is_client_variable(variable.name) || variable.name == "PATH") continue;
        environment.push_back(variable);
    }
    // The job's user need not be root, and its image need not know the engine's group.
    environment.push_back({"RUNNER_DIND_SHARED", "1"});
    environment.push_back({"RUNNER_DIND_TCP", "all"});
    environment.push_back({"RUNNER_NO_PROXY", no_proxy_of(input.registries)});
    environment.push_back({"DOCKER_TLS_CERTDIR", input.client.certificates});
    return environment;
}

}  // namespace

Result<PlannedService> plan_sidecar_engine(const SidecarInput& input) {
    PlannedService engine;
    engine.spec.image.name = input.dind.image;
    engine.spec.command = engine_command(input.client);
    auto text = merge_daemon_json(input.registries, input.mtu, {},
                                  {engine_cache_rules(input.dind.cache_size_bytes)});
    if (!text) return text.error();
    engine.files.emplace_back(kDaemonJson, *text);
    for (const auto& registry : input.registries) {
        if (registry.ca_pem.empty()) continue;
        engine.files.emplace_back(registry_ca_path(registry.settings.host), registry.ca_pem);
    }
    engine.spec.environment = engine_environment(input);
    engine.container_name = input.container_base + "-engine";
    if (!input.name.empty()) engine.aliases = {input.name};
    engine.slug = "engine";
    engine.version = "latest";
    engine.privileged = true;
    engine.of_runner = true;
    engine.binds = {input.helper_volume + ":/.runner:ro"};
    const std::string builder = builder_volume_bind(input.builder_volume);
    if (!builder.empty()) engine.binds.push_back(builder);
    engine.data = input.data;
    return engine;
}

Task<Result<void>> SidecarEngine::start(const std::vector<DeclaredRegistry>& registries,
                                        const InnerEnginePlan& plan, std::string helper_volume,
                                        KeptData data) {
    auto& objects = context_.objects;
    auto made = co_await volumes_.add_engine_volume();
    if (!made) co_return made;
    auto mtu = co_await network_.inner_mtu();
    if (!mtu) co_return mtu.error();
    const SidecarInput input{context_.dind,          context_.job, registries,    plan.client,
                             objects.base,           plan.name,    helper_volume, *mtu,
                             objects.builder_volume, data};
    auto engine = plan_sidecar_engine(input);
    if (!engine) co_return engine.error();
    std::vector<PlannedService> one;
    one.push_back(std::move(*engine));
    const auto surroundings = make_surroundings(context_, network_, volumes_);
    auto started = co_await services_.start(std::move(one), surroundings);
    if (started && !objects.services.empty()) objects.engine_container = objects.services.back();
    co_return started;
}

}  // namespace executors::docker
