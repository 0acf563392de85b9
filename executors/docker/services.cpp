#include "executors/docker/services.hpp"

#include <algorithm>
#include <utility>

#include "base/run_together.hpp"
#include "base/strings.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// The last value of a variable; null when it is not set.
const std::string* find_value(const std::vector<EnvironmentVariable>& environment,
                              std::string_view name) {
    const std::string* value = nullptr;
    for (const auto& variable : environment) {
        if (variable.name == name) value = &variable.value;
    }
    return value;
}

/// For dockerd, and none of them about TLS; they are given to the entrypoint of docker:dind.
bool has_only_flags(const std::vector<std::string>& command) {
    const bool flags = command.empty() || command.front().starts_with("-");
    return flags && std::none_of(command.begin(), command.end(),
                                 [](const auto& word) { return word.starts_with("--tls"); });
}

/// The runner's dockerd is in front of the image's.
std::string path_with_runner(const ImageInfo& image) {
    const std::string own = image.environment_value("PATH");
    return "PATH=/.runner/bin:" + (own.empty() ? kDefaultPath : own);
}

std::map<std::string, std::string> service_labels(const PlannedService& service,
                                                  const JobEnvironment& job) {
    auto labels = job.labels;
    // Labels of the configuration have both names, for services only (job-runtime.md §5.2).
    for (const auto& [name, value] : job.labels) {
        if (!name.starts_with(kLabelPrefix)) labels[label_name(name)] = value;
    }
    labels[label_name("type")] = "service";
    labels[label_name("service")] = service.slug;
    labels[label_name("service.version")] = service.version;
    return labels;
}

}  // namespace

std::vector<std::string> all_extra_hosts(const PreparationContext& context) {
    std::vector<std::string> hosts = context.docker.extra_hosts;
    const auto more = registry_hosts(context.registries);
    hosts.insert(hosts.end(), more.begin(), more.end());
    return hosts;
}

ServiceSurroundings make_surroundings(const PreparationContext& context, const JobNetwork& network,
                                      const JobVolumes& volumes) {
    return {.binds = volumes.binds(),
            .extra_hosts = all_extra_hosts(context),
            .network = network.mode(),
            .network_names = network.has_names(),
            .own_network = context.objects.network};
}

bool is_name_taken(const std::vector<StartedService>& services, const std::string& name) {
    return std::any_of(services.begin(), services.end(), [&](const auto& service) {
        const auto& aliases = service.plan.aliases;
        return std::find(aliases.begin(), aliases.end(), name) != aliases.end();
    });
}

bool runs_engine(const PlannedService& service, const ImageInfo& image) {
    return service.privileged && !service.spec.image.entrypoint &&
           starts_engine(image.entrypoint,
                         service.spec.command.empty() ? image.command : service.spec.command);
}

ContainerPlan plan_service_container(const PlannedService& service, const ImageInfo& image,
                                     const JobEnvironment& job, const DockerSettings& settings,
                                     const ServiceSurroundings& surroundings) {
    const ServiceSpec& spec = service.spec;
    ContainerPlan plan;
    plan.image = image.id;
    if (spec.image.entrypoint) plan.entrypoint = spec.image.entrypoint;
    if (!spec.command.empty()) plan.command = spec.command;
    for (const auto& variable : spec.environment) {
        plan.environment.push_back(variable.name + "=" + variable.value);
    }
    // Of two values for a name, the engine takes the last one.
    if (const auto& network = surroundings.own_network; !network.empty()) {
        plan.environment.push_back(std::string(kNetworkVariable) + "=" + network);
    }
    const std::string* certificates = find_value(spec.environment, "DOCKER_TLS_CERTDIR");
    const bool tls_off = certificates != nullptr && certificates->empty();
    // Without this argument the engine sleeps for 16 s to warn of a port without TLS.
    if (tls_off && has_only_flags(spec.command) && runs_engine(service, image)) {
        plan.command = spec.command;
        plan.command->emplace_back("--tls=false");
    }
    plan.user = spec.image.user;
    if (service.of_runner) plan.environment.push_back(path_with_runner(image));
    plan.binds = surroundings.binds;
    plan.binds.insert(plan.binds.end(), service.binds.begin(), service.binds.end());
    plan.extra_hosts = surroundings.extra_hosts;
    plan.network = surroundings.network;
    if (surroundings.network_names) plan.aliases = service.aliases;
    plan.labels = service_labels(service, job);
    plan.devices = service_devices(settings, spec.image.name);
    plan.privileged = service.privileged;
    plan.init = job.init_process;
    mount_data(service.data, image, plan);
    return plan;
}

Task<Result<void>> Services::start(std::vector<PlannedService> services,
                                   const ServiceSurroundings& surroundings) {
    started_.resize(services.size());
    std::vector<Task<Result<void>>> tasks;
    for (std::size_t i = 0; i < services.size(); ++i) {
        started_[i].plan = std::move(services[i]);
        auto& entrypoint = started_[i].plan.spec.image.entrypoint;
        if (entrypoint && context_.docker.disable_entrypoint_overwrite) {
            context_.log.warning("Entrypoint override disabled");
            entrypoint.reset();
        }
        context_.objects.services.push_back(started_[i].plan.container_name);
        tasks.push_back(start_one(i, surroundings));
    }
    auto result = co_await base::run_together(std::move(tasks));
    co_return result;
}

Task<Result<void>> Services::start_one(std::size_t index, const ServiceSurroundings& surroundings) {
    StartedService& service = started_[index];
    const std::string name = service.plan.spec.image.name;
    context_.log.print("Starting service " + name + "...");
    auto image = co_await puller_.obtain(service.plan.spec.image);
    if (!image) co_return image.error();
    service.image = image->id;
    service.engine = runs_engine(service.plan, *image);
    warn_of_missing_privilege(service, *image);
    auto shared = co_await share_engine(index, *image);
    if (!shared) co_return shared.error().with_context("service " + name);
    auto made = co_await make(index, *image, surroundings);
    if (!made) co_return made;
    auto filled = co_await put_files(service);
    if (!filled) co_return filled.error().with_context("service " + name);
    auto began = co_await context_.api().start_container(service.id);
    if (!began) co_return began.error().with_context("service " + name);
    auto inspected = co_await inspect(index);
    co_return inspected;
}

Task<Result<void>> Services::share_engine(std::size_t index, const ImageInfo& image) {
    StartedService& service = started_[index];
    if (!service.engine || context_.dind.mode == DindMode::kOff) co_return Result<void>();
    const std::string name = "docker";
    if (!service.plan.of_runner && !is_name_taken(started_, name)) {
        service.plan.aliases.push_back(name);
    }
    const auto* own = find_value(service.plan.spec.environment, "DOCKER_TLS_CERTDIR");
    service.certificates = own != nullptr ? *own : image.environment_value("DOCKER_TLS_CERTDIR");
    if (service.certificates.empty()) co_return Result<void>();
    auto added = co_await volumes_.add_certificates(service.certificates + "/client");
    co_return added;
}

void Services::warn_of_missing_privilege(const StartedService& service, const ImageInfo& image) {
    const auto& spec = service.plan.spec;
    if (service.plan.privileged || spec.image.entrypoint ||
        !starts_engine(image.entrypoint, image.command)) {
        return;
    }
    context_.log.warning("The service " + spec.image.name +
                         " starts a Docker engine, but its container is not privileged: set "
                         "`privileged` or `services_privileged` in [runners.docker], and allow the "
                         "image in allowed_privileged_services if there is a list");
}

Task<Result<void>> Services::make(std::size_t index, const ImageInfo& image,
                                  const ServiceSurroundings& surroundings) {
    const PlannedService& service = started_[index].plan;
    ServiceSurroundings around = surroundings;
    around.binds = volumes_.binds();
    const ContainerPlan plan =
        plan_service_container(service, image, context_.job, context_.docker, around);
    auto body = service_container_json(context_.docker, plan, context_.api().at_least(44));
    if (!body) co_return body.error();
    auto task = create(index, std::move(*body));
    auto created = co_await run_uncancelled(std::move(task));
    if (created) co_return created;
    base::Error error = created.error().with_context("service " + service.spec.image.name);
    if (error.is(ErrorKind::kInvalidInput)) error.kind = ErrorKind::kConfiguration;
    co_return error;
}

Task<Result<void>> Services::create(std::size_t index, std::string body) {
    StartedService& service = started_[index];
    auto& objects = context_.objects;
    auto id = co_await context_.api().create_container(
        service.plan.container_name, service.plan.spec.image.platform, std::move(body));
    if (!id) co_return id.error();
    service.id = *id;
    objects.service_names[*id] = base::join(service.plan.aliases, "-");
    for (auto& name : objects.services) {
        if (name == service.plan.container_name) name = *id;
    }
    co_return Result<void>();
}

Task<Result<void>> Services::put_files(const StartedService& service) {
    TarBuilder tar;
    for (const auto& [path, text] : service.plan.files) {
        if (!text.empty()) tar.add_file(path.substr(1), text, 0644);
    }
    if (tar.empty()) co_return Result<void>();
    auto put = co_await context_.api().put_archive(service.id, "/", tar.finish());
    co_return put;
}

Task<Result<void>> Services::inspect(std::size_t index) {
    StartedService& service = started_[index];
    auto state = co_await context_.api().inspect_container(service.id);
    if (!state) co_return state.error();
    for (const auto& [network, address] : state->addresses) {
        if (service.address.empty()) service.address = address;
    }
    auto health = health_ports(state->environment, state->exposed_ports);
    service.ports = std::move(health.ports);
    if (!health.unusable.empty()) {
        context_.log.warning("The service " + service.plan.spec.image.name +
                             " has HEALTHCHECK_TCP_PORT \"" + health.unusable +
                             "\", which is no port from 1 to 65535: its exposed ports are asked");
    }
    co_return Result<void>();
}

std::vector<std::string> Services::host_entries() const {
    std::vector<std::string> entries;
    for (const auto& service : started_) {
        if (service.address.empty()) continue;
        for (const auto& alias : service.plan.aliases) {
            entries.push_back(alias + ":" + service.address);
        }
        entries.push_back(service.id.substr(0, 12) + ":" + service.address);
    }
    return entries;
}

}  // namespace executors::docker
