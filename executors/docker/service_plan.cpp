#include "executors/docker/service_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/image_rules.hpp"

namespace executors::docker {

namespace {

constexpr std::size_t kMaxHealthPorts = 20;

int port_number(std::string_view text) {
    const int port = base::parse_number<int>(text).value_or(0);
    return port > 0 && port < 65536 ? port : 0;
}

}  // namespace

base::Result<ServicePlan> plan_services(const JobEnvironment& job, const DockerSettings& settings,
                                        const std::string& container_base) {
    // Those of the configuration count, too, as officially.
    const auto all = static_cast<std::int64_t>(job.services.size());
    if (settings.services_limit >= 0 && all > settings.services_limit) {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            "too many services requested: " + std::to_string(all) + ", only " +
                std::to_string(settings.services_limit) +
                " allowed, as services_limit in [runners.docker] says; the services of the "
                "configuration count, too");
    }
    ServicePlan plan;
    std::vector<std::string> configured;
    for (const ServiceSpec& spec : job.services) {
        if (spec.from_configuration) configured.push_back(spec.image.name);
    }
    std::set<std::string> taken;
    int index = 0;
    for (const ServiceSpec& spec : job.services) {
        auto valid = check_image_name(spec.image.name);
        if (!valid) return valid.error().with_context("service");
        if (!spec.from_configuration) {
            auto allowed =
                check_allowed(spec.image.name, "services", settings.allowed_services, configured);
            if (!allowed) return allowed.error();
        }
        const ServiceNames names = service_names(spec.image.name);
        PlannedService service;
        service.spec = spec;
        service.slug = names.slug;
        service.version = names.version;
        service.container_name = container_base + "-" + names.slug + "-" + std::to_string(index++);
        std::replace(service.container_name.begin(), service.container_name.end(), ':', '-');
        service.privileged =
            settings.services_privileged &&
            privileged_allowed(spec.image.name, settings.allowed_privileged_services);
        std::vector<std::string> wanted = names.aliases;
        wanted.insert(wanted.end(), spec.aliases.begin(), spec.aliases.end());
        for (const auto& alias : wanted) {
            if (taken.insert(alias).second) {
                service.aliases.push_back(alias);
            } else if (std::find(service.aliases.begin(), service.aliases.end(), alias) ==
                       service.aliases.end()) {
                plan.warnings.push_back("service \"" + spec.image.name + "\": the name \"" + alias +
                                        "\" is already taken by another service");
            }
        }
        plan.services.push_back(std::move(service));
    }
    return plan;
}

HealthPorts health_ports(const std::vector<std::string>& environment,
                         const std::vector<std::string>& exposed_ports) {
    constexpr std::string_view kName = "HEALTHCHECK_TCP_PORT=";
    HealthPorts health;
    for (const auto& entry : environment) {
        if (!base::iequals(std::string_view(entry).substr(0, kName.size()), kName)) continue;
        const std::string value = entry.substr(kName.size());
        if (const int port = port_number(value); port != 0) return {{port}, ""};
        health.unusable = value;
    }
    auto& ports = health.ports;
    for (const auto& exposed : exposed_ports) {
        const auto slash = exposed.find('/');
        if (slash != std::string::npos && exposed.substr(slash) != "/tcp") continue;
        const int port = port_number(exposed.substr(0, slash));
        if (port != 0) ports.push_back(port);
    }
    std::sort(ports.begin(), ports.end());
    if (ports.size() > kMaxHealthPorts) ports.resize(kMaxHealthPorts);
    return health;
}

}  // namespace executors::docker
