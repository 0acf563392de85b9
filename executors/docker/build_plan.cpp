#include "executors/docker/build_plan.hpp"

#include <algorithm>
#include <string_view>

#include "base/strings.hpp"
#include "executors/docker/builder_options.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/labels.hpp"

namespace executors::docker {

namespace {

constexpr const char* kDataRoot = "/var/lib/docker";

const EnvironmentVariable* find_variable(const std::vector<EnvironmentVariable>& list,
                                         std::string_view name) {
    const EnvironmentVariable* found = nullptr;
    for (const auto& variable : list) {
        if (variable.name == name) found = &variable;
    }
    return found;
}

/// "tcp://localhost:2375": the job uses the open port of its own engine.
bool asks_for_open_port(const std::vector<EnvironmentVariable>& environment) {
    const auto* host = find_variable(environment, "DOCKER_HOST");
    return host != nullptr &&
           (host->value == "tcp://localhost:2375" || host->value == "tcp://127.0.0.1:2375");
}

bool mounts(const std::vector<std::string>& binds, const std::string& destination) {
    return std::any_of(binds.begin(), binds.end(), [&](const std::string& bind) {
        const auto parts = base::split(bind, ':');
        return parts.size() > 1 && parts[1] == destination;
    });
}

/// Variables that an image with its own engine gets besides the job's.
void add_engine_environment(const BuildPlanInput& input, std::vector<std::string>& environment) {
    const auto& variables = input.job.environment;
    const auto* path = find_variable(variables, "PATH");
    std::string own = path != nullptr ? path->value : input.image.environment_value("PATH");
    if (own.empty()) own = kDefaultPath;
    environment.push_back("PATH=/.runner/bin:" + own);
    // Without it the entrypoint makes keys and listens on TCP, which nothing in the job needs.
    if (find_variable(variables, "DOCKER_TLS_CERTDIR") == nullptr) {
        environment.emplace_back("DOCKER_TLS_CERTDIR=");
    }
    if (asks_for_open_port(variables)) environment.emplace_back("RUNNER_DIND_TCP=1");
    // A DOCKER_CONFIG of the job may lie in the project directory, which get_sources clears.
    if (find_variable(variables, "DOCKER_CONFIG") != nullptr &&
        find_variable(variables, "BUILDX_CONFIG") == nullptr) {
        environment.push_back("BUILDX_CONFIG=" + docker_config_directory(input.image) + "/buildx");
    }
}

/// For the runner's docker, docker-buildx and dockerd, where the job has an engine.
void add_builder_environment(const BuildPlanInput& input, std::vector<std::string>& environment) {
    environment.push_back("RUNNER_BUILDER_NAME=" + input.dind.builder_name);
    if (!input.extra_hosts.empty() && builder_is_on_host_network(input.dind)) {
        environment.emplace_back("RUNNER_BUILDER_NETWORK=host");
    }
    environment.push_back("RUNNER_NO_PROXY=" + base::join(input.direct_hosts, ","));
}

std::vector<std::string> build_environment(const BuildPlanInput& input) {
    std::vector<std::string> environment;
    for (const auto& variable : input.job.environment) {
        if (input.objects.engine && variable.name == "PATH") continue;
        environment.push_back(variable.name + "=" + variable.value);
    }
    if (input.objects.engine) add_engine_environment(input, environment);
    if (input.objects.engine || input.objects.sidecar) add_builder_environment(input, environment);
    return environment;
}

void plan_supervisor(const BuildPlanInput& input, ContainerPlan& plan) {
    const auto& entrypoint = input.objects.entrypoint;
    plan.user = input.choice.user;
    if (input.choice.image.entrypoint) {
        plan.entrypoint = entrypoint;
        if (entrypoint.empty()) plan.entrypoint = {""};
    }
    plan.command = supervisor_command(entrypoint, {kHelper, "supervise", "--dir", kJobDir});
}

/// An overlayfs cannot be mounted on an overlayfs: without a volume the engine would copy whole
/// layers.
void plan_data_root(const ImageInfo& image, ContainerPlan& plan) {
    const auto& volumes = image.volumes;
    const bool declared = std::find(volumes.begin(), volumes.end(), kDataRoot) != volumes.end();
    if (!declared && !mounts(plan.binds, kDataRoot)) plan.anonymous_volumes = {kDataRoot};
}

}  // namespace

ContainerPlan plan_build_container(const BuildPlanInput& input) {
    ContainerPlan plan;
    plan.image = input.image.id;
    plan.environment = build_environment(input);
    plan.hostname = input.objects.hostname;
    plan.binds = input.binds;
    plan.extra_hosts = input.extra_hosts;
    plan.labels = input.job.labels;
    plan.labels[label_name("type")] = "build";
    plan.network = input.network_mode;
    plan.privileged = input.choice.privileged;
    plan.init = input.job.init_process;
    if (!input.objects.network.empty()) {
        plan.aliases = {"build", input.objects.base + "-build"};
    } else {
        const auto& hosts = input.service_hosts;
        plan.extra_hosts.insert(plan.extra_hosts.end(), hosts.begin(), hosts.end());
    }
    if (input.objects.engine) {
        plan_data_root(input.image, plan);
    } else {
        plan_supervisor(input, plan);
    }
    return plan;
}

}  // namespace executors::docker
