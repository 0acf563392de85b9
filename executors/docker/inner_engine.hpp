#pragma once

#include <string>
#include <vector>

#include "executors/docker/client_plan.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/services.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// What the choice of a job's Docker engine depends on. Lives as long as the call.
struct InnerEngineInput {
    const DockerSettings& docker;
    const DindSettings& dind;
    const JobEnvironment& job;
    const ImageChoice& choice;
    const ImageInfo& image;
    const std::vector<StartedService>& services;
    const std::vector<std::string>& binds;
    std::string hostname;      ///< of the job's container
    std::string network_mode;  ///< for HostConfig.NetworkMode
};

/// The Docker engine of a job, and how its scripts find it.
struct InnerEnginePlan {
    InnerEngine place = InnerEngine::kNone;
    ClientPlan client;
    /// The name by which scripts reach the engine's machine: "docker", unless something else of the
    /// job has this name; "" for none.
    std::string name;
    std::string note;                   ///< line for the job log, "" for none
    std::vector<std::string> warnings;  ///< of one line each
    /// What is said instead of a hint at the ENTRYPOINT when the supervisor does not start.
    std::string unprivileged;
};

/// Pure.
InnerEnginePlan plan_inner_engine(const InnerEngineInput& input);

}  // namespace executors::docker
