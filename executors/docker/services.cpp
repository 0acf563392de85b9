#include "executors/docker/services.hpp"

#include <utility>

#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/dial.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/run_all.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::string_view kPrefix = "com.gitlab.gitlab-runner.";
constexpr std::size_t kMaxLog = 64U << 10U;
/// How long a service without a port is watched: one that dies at once is named.
constexpr std::chrono::milliseconds kPortlessWatch{250};
constexpr std::chrono::milliseconds kDialPause{20};
constexpr std::chrono::milliseconds kPingPause{50};

std::string value_of(const std::vector<EnvironmentVariable>& environment, std::string_view name) {
    std::string value;
    for (const auto& variable : environment) {
        if (variable.name == name) value = variable.value;
    }
    return value;
}

bool is_set(const std::vector<EnvironmentVariable>& environment, std::string_view name) {
    for (const auto& variable : environment) {
        if (variable.name == name) return true;
    }
    return false;
}

}  // namespace

Services::Services(EngineApi& api, ImagePuller& puller, const DockerSettings& settings,
                   const JobEnvironment& job, JobObjects& objects, JobLog& log)
    : api_(api), puller_(puller), settings_(settings), job_(job), objects_(objects), log_(log) {}

std::chrono::seconds Services::wait_limit() const {
    const int configured = settings_.wait_for_services_timeout_seconds;
    return std::chrono::seconds(configured == 0 ? 30 : configured);
}

Task<Result<void>> Services::start(std::vector<PlannedService> services,
                                   const ServiceSurroundings& surroundings) {
    started_.resize(services.size());
    std::vector<Task<Result<void>>> tasks;
    for (std::size_t i = 0; i < services.size(); ++i) {
        started_[i].plan = std::move(services[i]);
        auto& entrypoint = started_[i].plan.spec.image.entrypoint;
        if (entrypoint && settings_.disable_entrypoint_overwrite) {
            log_.warning("Entrypoint override disabled");
            entrypoint.reset();
        }
        objects_.services.push_back(started_[i].plan.container_name);
        tasks.push_back(start_one(i, surroundings));
    }
    auto result = co_await run_all(std::move(tasks));
    co_return result;
}

Task<Result<void>> Services::create(std::size_t place, std::string platform, std::string body) {
    Started& service = started_[place];
    auto id = co_await api_.create_container(service.plan.container_name, platform, body);
    if (!id) co_return id.error();
    service.id = *id;
    objects_.service_names[*id] = base::join(service.plan.aliases, "-");
    for (auto& name : objects_.services) {
        if (name == service.plan.container_name) name = *id;
    }
    co_return Result<void>();
}

Task<Result<void>> Services::start_one(std::size_t place, const ServiceSurroundings& surroundings) {
    Started& service = started_[place];
    const ServiceSpec& spec = service.plan.spec;
    log_.print("Starting service " + spec.image.name + "...");
    auto facts = co_await puller_.obtain(spec.image);
    if (!facts) co_return facts.error();

    ContainerPlan plan;
    plan.image = facts->id;
    if (spec.image.entrypoint) plan.entrypoint = spec.image.entrypoint;
    if (!spec.command.empty()) plan.command = spec.command;
    for (const auto& variable : spec.environment) {
        plan.environment.push_back(variable.name + "=" + variable.value);
    }
    service.engine = service.plan.privileged && !spec.image.entrypoint &&
                     starts_engine(facts->entrypoint, facts->command);
    const bool tls_off = is_set(spec.environment, "DOCKER_TLS_CERTDIR") &&
                         value_of(spec.environment, "DOCKER_TLS_CERTDIR").empty();
    // Said aloud, it spares the engine the 16 s that it sleeps to warn of an open port.
    if (service.engine && tls_off && spec.command.empty()) plan.command = {"--tls=false"};
    plan.user = spec.image.user;
    plan.binds = surroundings.binds;
    plan.extra_hosts = surroundings.extra_hosts;
    plan.network = surroundings.network;
    if (surroundings.user_network) plan.aliases = service.plan.aliases;
    plan.labels = job_.labels;
    // The configured ones have both names, in services only (job-runtime.md §5.2).
    for (const auto& [name, value] : job_.labels) {
        if (!name.starts_with(kPrefix)) plan.labels[std::string(kPrefix) + name] = value;
    }
    plan.labels[std::string(kPrefix) + "type"] = "service";
    plan.labels[std::string(kPrefix) + "service"] = service.plan.slug;
    plan.labels[std::string(kPrefix) + "service.version"] = service.plan.version;
    plan.devices = service_devices(settings_, spec.image.name);
    plan.privileged = service.plan.privileged;
    auto body = service_container_json(settings_, plan, api_.at_least(44));
    if (!body) co_return body.error();
    auto task = create(place, spec.image.platform, *body);
    auto created = co_await run_to_its_end(std::move(task));
    if (!created) {
        base::Error error = created.error().with_context("service " + spec.image.name);
        if (error.is(ErrorKind::kInvalidInput)) error.kind = ErrorKind::kConfiguration;
        co_return error;
    }
    auto filled = co_await put_files(service);
    if (!filled) co_return filled.error().with_context("service " + spec.image.name);
    auto began = co_await api_.start_container(service.id);
    if (!began) co_return began.error().with_context("service " + spec.image.name);
    auto state = co_await api_.inspect_container(service.id);
    if (!state) co_return state.error();
    for (const auto& [network, address] : state->addresses) {
        if (service.address.empty()) service.address = address;
    }
    service.ports = health_ports(state->environment, state->exposed_ports);
    co_return Result<void>();
}

Task<Result<void>> Services::put_files(const Started& service) {
    TarBuilder tar;
    for (const auto& [path, text] : service.plan.files) {
        if (!text.empty()) tar.add_file(path.substr(1), text, 0644);
    }
    if (tar.empty()) co_return Result<void>();
    auto put = co_await api_.put_archive(service.id, "/", tar.finish());
    co_return put;
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

Task<Result<void>> Services::wait_healthy() {
    if (started_.empty() || settings_.wait_for_services_timeout_seconds < 0) {
        co_return Result<void>();
    }
    log_.print("Waiting for services to be up and running (timeout " +
               std::to_string(wait_limit().count()) + " seconds)...");
    std::vector<Task<Result<void>>> tasks;
    for (std::size_t i = 0; i < started_.size(); ++i) tasks.push_back(check(i));
    auto result = co_await run_all(std::move(tasks));
    co_return result;
}

Task<Result<void>> Services::check(std::size_t place) {
    const Started& service = started_[place];
    auto problem = co_await health_problem(service);
    if (!problem) co_return problem.error();
    if (problem->empty()) co_return Result<void>();
    auto printed = co_await print_warning(service, *problem);
    co_return printed;
}

Task<Result<std::string>> Services::health_problem(const Started& service) {
    auto ended = api_.wait_container(service.id);
    if (service.ports.empty() || service.address.empty() || !api_.endpoint().local) {
        auto exit = co_await base::with_deadline<int>(std::move(ended), kPortlessWatch);
        if (exit) {
            co_return "the service's container ended with exit code " + std::to_string(*exit);
        }
        if (exit.error().is(ErrorKind::kCancelled)) co_return exit.error();
        co_return std::string();
    }
    auto dialled = co_await dial_until(service);
    if (!dialled || !dialled->empty() || !service.engine) co_return dialled;
    auto pinged = co_await ping_engine(service);
    co_return pinged;
}

Task<Result<std::string>> Services::dial_until(const Started& service) {
    const auto deadline = std::chrono::steady_clock::now() + wait_limit();
    auto next_look = std::chrono::steady_clock::now() + kPortlessWatch;
    while (true) {
        for (const int port : service.ports) {
            auto open = co_await dial(service.address, port);
            if (!open && open.error().is(ErrorKind::kCancelled)) co_return open.error();
            if (open) co_return std::string();
        }
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) break;
        if (now >= next_look) {
            next_look = now + std::chrono::seconds(1);
            auto state = co_await api_.inspect_container(service.id);
            if (state && !state->running) {
                co_return "the service's container ended with exit code " +
                    std::to_string(state->exit_code);
            }
        }
        auto slept = co_await base::sleep_for(kDialPause);
        if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
    }
    std::vector<std::string> ports;
    for (const int port : service.ports) ports.push_back(std::to_string(port));
    co_return "no answer at " + service.address + " on port " + base::join(ports, ", ") +
        " within " + std::to_string(wait_limit().count()) + " s";
}

/// An open port says only that the engine is about to start; its own client says when it answers.
Task<Result<std::string>> Services::ping_engine(const Started& service) {
    const auto deadline = std::chrono::steady_clock::now() + wait_limit();
    while (std::chrono::steady_clock::now() < deadline) {
        ExecSpec spec;
        spec.command = {"docker", "-H", "unix:///var/run/docker.sock", "version"};
        auto result = co_await run_exec(api_, service.id, spec);
        if (!result && result.error().is(ErrorKind::kCancelled)) co_return result.error();
        // Without a client in the image the open port has to do.
        if (!result || result->exit_code == 126 || result->exit_code == 127)
            co_return std::string();
        if (result->exit_code == 0) co_return std::string();
        auto slept = co_await base::sleep_for(kPingPause);
        if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
    }
    co_return "its Docker engine does not answer";
}

Task<Result<void>> Services::print_warning(const Started& service, std::string problem) {
    auto text = co_await api_.container_log(service.id, 200);
    std::string printed = text ? *text : text.error().message;
    if (printed.size() > kMaxLog) printed.erase(0, printed.size() - kMaxLog);
    log_.print("\n*** WARNING: Service " + service.plan.container_name +
               " probably didn't start properly.\n\nHealth check error:\n" + problem +
               "\n\nService container logs:\n" + std::string(base::trim(printed)) +
               "\n\n*********\n");
    co_return Result<void>();
}

}  // namespace executors::docker
