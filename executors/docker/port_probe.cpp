#include "executors/docker/port_probe.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

/// How often the service is looked at while its ports are asked.
constexpr std::chrono::seconds kLook{1};
/// The helper ends by itself at the limit; its container needs a moment more.
constexpr std::chrono::seconds kSlack{10};

const std::string& address_of(const ProbedService& service) {
    static const std::string loopback = "127.0.0.1";
    return service.address.empty() ? loopback : service.address;
}

}  // namespace

std::string no_answer(const std::string& address, const std::vector<int>& ports,
                      std::chrono::seconds limit) {
    std::vector<std::string> numbers;
    for (const int port : ports) numbers.push_back(std::to_string(port));
    return "no answer at " + address + " on port " + base::join(numbers, ", ") + " within " +
           std::to_string(limit.count()) + " s";
}

std::string ended_with(int exit_code) {
    return "the service's container ended with exit code " + std::to_string(exit_code);
}

std::string PortProbe::body(const ProbedService& service, std::chrono::seconds limit) const {
    auto labels = labels_;
    labels[label_name("type")] = "wait";
    labels[label_name("wait")] = service.id;
    std::vector<std::string> command{"await-port", "--address", address_of(service), "--limit-ms",
                                     std::to_string(limit.count() * 1000)};
    for (const int port : service.ports) command.push_back(std::to_string(port));
    const std::vector<std::string> binds{helper_volume_ + ":/.runner:ro"};
    return json{{"Image", service.image},
                {"Entrypoint", {kHelper}},
                {"Healthcheck", no_healthcheck()},
                {"Cmd", command},
                {"User", "0"},
                {"Labels", labels},
                {"HostConfig", {{"NetworkMode", "container:" + service.id}, {"Binds", binds}}}}
        .dump();
}

Task<Result<std::string>> PortProbe::ask(ProbedService service, std::chrono::seconds limit) {
    const std::string name = service.name + "-wait-for-service";
    containers_.push_back(name);
    auto answer = co_await run(service, limit, name);
    if (!answer && answer.error().is(ErrorKind::kCancelled)) co_return answer;
    auto removal = api_.remove_container(name, false);
    auto removed = co_await run_uncancelled(std::move(removal));
    if (removed) std::erase(containers_, name);
    co_return answer;
}

Task<Result<std::string>> PortProbe::run(const ProbedService& service, std::chrono::seconds limit,
                                         std::string name) {
    auto making = api_.create_container(std::move(name), "", body(service, limit));
    auto id = co_await run_uncancelled(std::move(making));
    if (!id) co_return id;
    auto started = co_await api_.start_container(*id);
    if (!started) co_return started.error();
    auto answer = co_await await_end(service, limit, *id);
    co_return answer;
}

Task<Result<std::string>> PortProbe::await_end(const ProbedService& service,
                                               std::chrono::seconds limit, std::string id) {
    const auto end = std::chrono::steady_clock::now() + limit + kSlack;
    while (std::chrono::steady_clock::now() < end) {
        auto waiting = api_.wait_container(id);
        auto code = co_await base::with_deadline<int>(std::move(waiting), kLook);
        if (code && *code == 0) co_return std::string();
        if (code) break;
        if (!code.error().is(ErrorKind::kTimeout)) co_return code.error();
        auto state = co_await api_.inspect_container(service.id);
        if (state && !state->running) co_return ended_with(state->exit_code);
    }
    co_return no_answer(address_of(service), service.ports, limit);
}

}  // namespace executors::docker
