#include "executors/docker/build_plan.hpp"

#include <algorithm>
#include <string_view>

#include "base/strings.hpp"
#include "executors/docker/builder_options.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

namespace {

const EnvironmentVariable* find_variable(const std::vector<EnvironmentVariable>& list,
                                         std::string_view name) {
    const EnvironmentVariable* found = nullptr;
    for (const auto& variable : list) {
        if (variable.name == name) found = &variable;
    }
    return found;
}

/// The runner's programs in front of those of the image.
std::string path_with_fronts(const BuildPlanInput& input) {
    const auto* path = find_variable(input.job.environment, "PATH");
    std::string own = path != nullptr ? path->value : input.image.environment_value("PATH");
    if (own.empty()) own = kDefaultPath;
    if (input.objects.engine) own = "/.runner/bin:" + own;
    return "PATH=" + std::string(kFrontDir) + ":" + own;
}

/// Variables that an image with its own engine gets besides the job's.
void add_engine_environment(const BuildPlanInput& input, std::vector<std::string>& environment) {
    // With a directory the entrypoint makes keys and listens on TCP.
    environment.push_back("DOCKER_TLS_CERTDIR=" + input.client.certificates);
    if (input.client.open_port) environment.emplace_back("RUNNER_DIND_TCP=1");
    if (!runs_as_root(input.choice, {})) environment.emplace_back("RUNNER_DIND_SHARED=1");
}

/// For the runner's docker, docker-buildx and dockerd, where the job has an engine.
void add_builder_environment(const BuildPlanInput& input, std::vector<std::string>& environment) {
    environment.push_back("RUNNER_BUILDER_NAME=" + input.dind.builder_name);
    if (!input.extra_hosts.empty() && builder_is_on_host_network(input.dind)) {
        environment.emplace_back("RUNNER_BUILDER_NETWORK=host");
    }
    const std::string node = build_node(input.job);
    if (!node.empty()) environment.push_back("RUNNER_BUILD_NODE=" + node);
    environment.push_back("RUNNER_NO_PROXY=" + base::join(input.direct_hosts, ","));
}

std::vector<std::string> build_environment(const BuildPlanInput& input) {
    const bool engine = input.objects.engine;
    const bool fronts = engine || !input.objects.preloads.empty();
    std::vector<std::string> environment;
    for (const auto& variable : input.job.environment) {
        if (fronts && variable.name == "PATH") continue;
        if (engine && is_client_variable(variable.name)) continue;
        if (!input.objects.network.empty() && variable.name == kNetworkVariable) continue;
        environment.push_back(variable.name + "=" + variable.value);
    }
    if (const auto& network = input.objects.network; !network.empty()) {
        environment.push_back(std::string(kNetworkVariable) + "=" + network);
    }
    if (fronts) environment.push_back(path_with_fronts(input));
    if (engine) add_engine_environment(input, environment);
    if (engine || input.objects.sidecar) add_builder_environment(input, environment);
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
    if (!declared && !is_mounted(plan.binds, kDataRoot)) plan.anonymous_volumes = {kDataRoot};
}

/// The clients of the job find its engine, and the ports that it publishes, by this name.
void plan_engine_name(const BuildPlanInput& input, ContainerPlan& plan) {
    if (input.engine_name.empty()) return;
    plan.extra_hosts.push_back(input.engine_name + ":127.0.0.1");
    if (!input.objects.network.empty()) plan.aliases.push_back(input.engine_name);
}

/// The container waits for its job, and then becomes what it would have been from the beginning. An
/// engine that runs needs nothing of a job.
void plan_hold(const BuildPlanInput& input, ContainerPlan& plan) {
    plan.labels[label_name("type")] = "pool";
    if (input.objects.engine) return;
    std::vector<std::string> command{"hold", "--dir", kJobDir, "--"};
    const auto& entrypoint = input.objects.entrypoint;
    command.insert(command.end(), entrypoint.begin(), entrypoint.end());
    command.insert(command.end(), plan.command->begin(), plan.command->end());
    plan.entrypoint = {kHelper};
    plan.command = std::move(command);
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
    if (input.network_has_names) plan.aliases = {"build", input.objects.base + "-build"};
    // Other jobs may be on a network that was not made for this one, with services of the same
    // names: this job's are found first.
    if (input.objects.network.empty()) {
        const auto& hosts = input.service_hosts;
        plan.extra_hosts.insert(plan.extra_hosts.end(), hosts.begin(), hosts.end());
    }
    if (input.objects.engine) {
        plan.entrypoint = input.choice.image.entrypoint;
        if (!mount_data(input.data, input.image, plan)) plan_data_root(input.image, plan);
        plan_engine_name(input, plan);
    } else {
        plan_supervisor(input, plan);
    }
    if (input.held) plan_hold(input, plan);
    return plan;
}

}  // namespace executors::docker
