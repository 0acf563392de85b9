#include "executors/docker/service_health.hpp"

#include <boost/asio/error.hpp>
#include <utility>

#include "base/run_together.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/host_network.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxLogBytes = 64U << 10U;
constexpr int kLogLines = 200;
constexpr std::chrono::milliseconds kPortlessWatch{250};
constexpr std::chrono::milliseconds kConnectPause{20};
constexpr std::chrono::milliseconds kPingPause{50};

base::Error stopped() { return base::make_error(ErrorKind::kCancelled, "stopped"); }

}  // namespace

std::chrono::seconds ServiceHealth::limit() const {
    const int configured = settings_.wait_for_services_timeout_seconds;
    return std::chrono::seconds(configured == 0 ? 30 : configured);
}

Task<Result<void>> ServiceHealth::wait(const std::vector<StartedService>& services) {
    if (services.empty() || settings_.wait_for_services_timeout_seconds < 0) {
        co_return Result<void>();
    }
    log_.print("Waiting for services to be up and running (timeout " +
               std::to_string(limit().count()) + " seconds)...");
    const Waiting waiting(log_, "its services to be up");
    std::vector<Task<Result<void>>> tasks;
    for (const auto& service : services) tasks.push_back(check(service));
    auto result = co_await base::run_together(std::move(tasks));
    co_return result;
}

Task<Result<void>> ServiceHealth::check(const StartedService& service) {
    auto problem = co_await find_problem(service);
    if (!problem) co_return problem.error();
    if (!problem->empty()) co_await print_warning(service, *problem);
    co_return Result<void>();
}

Task<Result<std::string>> ServiceHealth::find_problem(const StartedService& service) {
    // The runner's own engine listens at a socket; its image exposes ports all the same.
    const bool has_ports = !service.plan.of_runner && !service.ports.empty();
    if (!has_ports && !service.engine) {
        auto watched = co_await watch(service);
        co_return std::move(watched);
    }
    if (has_ports) {
        auto answered = co_await ask_ports(service);
        if (!answered || !answered->empty() || !service.engine) co_return std::move(answered);
    }
    auto pinged = co_await ping_engine(service);
    co_return std::move(pinged);
}

Task<Result<std::string>> ServiceHealth::ask_ports(const StartedService& service) {
    if (reaches_networks_ && !service.address.empty()) {
        auto connected = co_await connect_until(service);
        if (!connected) co_return connected.error();
        if (*connected) co_return std::move(**connected);
    }
    ProbedService probed{.id = service.id,
                         .name = service.plan.container_name,
                         .image = service.image,
                         .address = service.address,
                         .ports = service.ports};
    auto answered = co_await probe_.ask(std::move(probed), limit());
    if (answered || answered.error().is(ErrorKind::kCancelled)) co_return std::move(answered);
    auto state = co_await api_.inspect_container(service.id);
    if (state && !state->running) co_return ended_with(state->exit_code);
    co_return "its ports could not be asked from inside of its network: " +
        answered.error().message;
}

Task<Result<std::string>> ServiceHealth::watch(const StartedService& service) {
    auto ended = api_.wait_container(service.id);
    auto exit = co_await base::with_deadline<int>(std::move(ended), kPortlessWatch);
    if (exit) co_return ended_with(*exit);
    if (exit.error().is(ErrorKind::kCancelled)) co_return exit.error();
    co_return std::string();
}

/// Only an answer from the service's network says that this machine reaches it: a refusal is one.
Task<Result<ServiceHealth::Ports>> ServiceHealth::try_ports(const StartedService& service) {
    for (const int port : service.ports) {
        auto open = co_await check_tcp_port(service.address, port);
        if (open) co_return Ports::kOpen;
        if (open.error().is(ErrorKind::kCancelled)) co_return open.error();
        if (open.error().code != boost::asio::error::connection_refused)
            co_return Ports::kOutOfReach;
    }
    co_return Ports::kClosed;
}

Task<Result<std::optional<std::string>>> ServiceHealth::connect_until(
    const StartedService& service) {
    const auto deadline = Clock::now() + limit();
    auto next_look = Clock::now() + kPortlessWatch;
    while (true) {
        auto ports = co_await try_ports(service);
        if (!ports) co_return ports.error();
        if (*ports == Ports::kOpen) co_return std::string();
        const auto now = Clock::now();
        if (now >= deadline) break;
        if (now >= next_look || *ports == Ports::kOutOfReach) {
            next_look = now + std::chrono::seconds(1);
            auto state = co_await api_.inspect_container(service.id);
            if (state && !state->running) co_return ended_with(state->exit_code);
        }
        if (*ports == Ports::kOutOfReach) co_return std::nullopt;
        const bool slept = co_await base::sleep_for(kConnectPause);
        if (!slept) co_return stopped();
    }
    co_return no_answer(service.address, service.ports, limit());
}

Task<Result<std::string>> ServiceHealth::ping_engine(const StartedService& service) {
    const auto deadline = Clock::now() + limit();
    while (Clock::now() < deadline) {
        ExecSpec spec;
        spec.command = {"docker", "-H", "unix:///var/run/docker.sock", "version"};
        // The job's variables are for clients that come over TCP.
        spec.environment = {"DOCKER_TLS_VERIFY=", "DOCKER_TLS=", "DOCKER_CONTEXT="};
        auto result = co_await run_exec(api_, service.id, std::move(spec));
        if (!result && result.error().is(ErrorKind::kCancelled)) co_return result.error();
        if (!result) {
            auto state = co_await api_.inspect_container(service.id);
            if (state && !state->running) co_return ended_with(state->exit_code);
        }
        // An image without the client: nothing more can be checked.
        if (!result || result->exit_code == 126 || result->exit_code == 127)
            co_return std::string();
        if (result->exit_code == 0) co_return std::string();
        const bool slept = co_await base::sleep_for(kPingPause);
        if (!slept) co_return stopped();
    }
    co_return "its Docker engine does not answer";
}

Task<void> ServiceHealth::print_warning(const StartedService& service, std::string problem) {
    auto text = co_await api_.container_log(service.id, kLogLines);
    std::string printed = text ? *text : text.error().message;
    if (printed.size() > kMaxLogBytes) printed.erase(0, printed.size() - kMaxLogBytes);
    log_.print("\n*** WARNING: Service " + service.plan.container_name +
               " probably didn't start properly.\n\nHealth check error:\n" + problem +
               "\n\nService container logs:\n" + std::string(base::trim(printed)) +
               "\n\n*********\n");
}

}  // namespace executors::docker
