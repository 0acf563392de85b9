#include "executors/docker/inner_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/strings.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

namespace {

constexpr const char* kName = "docker";
/// Where something else has the name "docker".
constexpr const char* kOtherName = "docker-engine";

const StartedService* engine_service(const std::vector<StartedService>& services) {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [](const auto& service) { return service.engine; });
    return found == services.end() ? nullptr : &*found;
}

bool is_name_free(const InnerEngineInput& input) {
    const auto& hosts = input.docker.extra_hosts;
    return !is_name_taken(input.services, kName) &&
           std::none_of(hosts.begin(), hosts.end(), [](const auto& entry) {
               return entry.starts_with(std::string(kName) + ":");
           });
}

ClientPlan plan_for_service(const InnerEngineInput& input, InnerEngine place,
                            const StartedService& service) {
    std::vector<std::string> names;
    for (const auto& alias : service.plan.aliases) names.push_back(base::to_lower(alias));
    // The certificates are made for this name.
    const auto known = std::find(names.begin(), names.end(), kName);
    if (known != names.end()) std::iter_swap(names.begin(), known);
    if (names.empty()) return {};
    return plan_client({.job = input.job,
                        .image = input.image,
                        .names = std::move(names),
                        .has_socket = place != InnerEngine::kService,
                        .fixed_certificates = service.certificates,
                        .default_certificates = {}});
}

ClientPlan plan_for_own(const InnerEngineInput& input, InnerEngine place, const std::string& name) {
    std::vector<std::string> names;
    if (!name.empty()) names.push_back(name);
    std::string certificates;
    if (place == InnerEngine::kBuildContainer) {
        for (const char* own : {"localhost", "127.0.0.1", "::1", "0.0.0.0"})
            names.emplace_back(own);
        names.push_back(base::to_lower(input.hostname));
        certificates = input.image.environment_value("DOCKER_TLS_CERTDIR");
    }
    // The scripts of an image without an engine get a DOCKER_HOST instead of the image's.
    static const ImageInfo kNoImage;
    return plan_client({.job = input.job,
                        .image = place == InnerEngine::kSidecar ? kNoImage : input.image,
                        .names = std::move(names),
                        .has_socket = true,
                        .fixed_certificates = std::nullopt,
                        .default_certificates = std::move(certificates)});
}

std::string note_for(const InnerEngineInput& input, InnerEngine place) {
    const auto& own = input.choice.image.entrypoint;
    switch (place) {
        case InnerEngine::kBuildContainer:
            return "The image runs a Docker engine of its own: started by its ENTRYPOINT [" +
                   base::join(own ? *own : input.image.entrypoint, " ") + "]";
        case InnerEngine::kSidecar:
            return "The image has no Docker engine: " + input.dind.image + " runs beside it";
        case InnerEngine::kService:
            return "The Docker engine of this job is its service " +
                   engine_service(input.services)->plan.spec.image.name +
                   ": no other engine is started, and no builder is made";
        case InnerEngine::kHost:
            return std::string("The host's ") + kEngineSocket +
                   " is mounted: the job uses that engine, no other one is started, and no builder "
                   "is made";
        case InnerEngine::kNone: break;
    }
    return {};
}

}  // namespace

InnerEnginePlan plan_inner_engine(const InnerEngineInput& input) {
    const StartedService* service = engine_service(input.services);
    const OtherEngines others{.service = service != nullptr,
                              .socket = is_mounted(input.binds, kEngineSocket) ||
                                        is_mounted(input.binds, "/run/docker.sock")};
    InnerEnginePlan plan;
    plan.place = choose_inner_engine(input.dind, input.choice, input.image, others);
    plan.note = note_for(input, plan.place);
    const bool own =
        plan.place == InnerEngine::kBuildContainer || plan.place == InnerEngine::kSidecar;
    // A container in the network of another one cannot have names of its own.
    if (own && !input.network_mode.starts_with("container:")) {
        if (is_name_free(input)) {
            plan.name = kName;
        } else if (plan.place == InnerEngine::kSidecar) {
            plan.name = kOtherName;
        }
    }
    if (own) {
        plan.client = plan_for_own(input, plan.place, plan.name);
    } else if (service != nullptr && input.dind.mode != DindMode::kOff) {
        plan.client = plan_for_service(input, plan.place, *service);
    }
    const bool chosen = own || plan.place == InnerEngine::kService;
    if (chosen || plan.client.contradiction) plan.warnings.push_back(plan.client.problem);
    if (!others.socket && !others.service) {
        plan.unprivileged =
            unprivileged_reason(input.docker, input.dind, input.choice, input.image);
        plan.warnings.push_back(plan.unprivileged);
    }
    std::erase(plan.warnings, "");
    return plan;
}

}  // namespace executors::docker
