#pragma once

#include <string>
#include <vector>

#include "executors/docker/client_plan.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/kept_data.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// What the plan of the build container is made of. Lives as long as the call.
struct BuildPlanInput {
    const DindSettings& dind;
    const JobEnvironment& job;
    const JobObjects& objects;
    const ImageChoice& choice;
    const ImageInfo& image;
    const ClientPlan& client;  ///< of the job's engine
    std::string engine_name;   ///< of the machine of an engine in this container, "" for none
    std::string network_mode;
    bool network_has_names = false;  ///< JobNetwork::has_names()
    std::vector<std::string> binds;
    std::vector<std::string> extra_hosts;  ///< without those of services
    /// "alias:address" of the services, for a network that was not made for the job.
    std::vector<std::string> service_hosts;
    std::vector<std::string> direct_hosts = {};  ///< to be reached without a proxy
    KeptData data = {};                          ///< of the engine in this container
    bool held = false;                           ///< PreparationContext::held
};

/// The build container; pure. An image with its own engine keeps its ENTRYPOINT and command; any
/// other image gets the supervisor as the command behind its ENTRYPOINT.
ContainerPlan plan_build_container(const BuildPlanInput& input);

}  // namespace executors::docker
