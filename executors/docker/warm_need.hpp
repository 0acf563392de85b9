#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// What a job needs of an environment that was made before the job was known. Pure.
namespace executors::docker {

/// Two jobs with the same `text` get containers that differ in nothing but names that are random,
/// the official labels of the job, and variables.
struct WarmNeed {
    std::string text;    ///< everything that is decided when a container is made
    std::string family;  ///< the same without the slot: what jobs of one kind have in common
    std::string image;   ///< its name
    std::string image_id;
    bool engine = false;
    /// The variables of the container as it would be made for the job. A container without an
    /// engine gets them when it is taken, before its ENTRYPOINT runs.
    std::vector<std::string> environment;  ///< NAME=value
    /// Of these, what an engine may read when it starts, by name.
    std::map<std::string, std::string> decisive;
};

struct NeedInput {
    const DockerSettings& docker;
    const JobEnvironment& job;
    const JobObjects& objects;
    std::string image_id;
    std::string platform;
    ContainerPlan plan;                        ///< of the job's container
    const std::vector<std::string>& writable;  ///< destinations of volumes that any user may use
    const std::vector<DeclaredRegistry>& registries;
};

/// Failures: those of build_container_json().
base::Result<WarmNeed> describe_need(NeedInput input);

/// Whether an environment for such a job can be made ahead: it has no services, no network with
/// names of its own, and nothing that only one container of the machine may have.
bool is_warmable(const JobEnvironment& job, const DockerSettings& docker, const DindSettings& dind);

/// Whether an environment that needs this may wait: an engine on the machine's network would change
/// that network while nobody works.
bool may_wait(const WarmNeed& need, const DockerSettings& docker);

/// Whether docker, containerd or a program's runtime reads the variable at its start.
bool is_read_by_engines(std::string_view name);

}  // namespace executors::docker
