#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// A named volume that the runner makes, or that an earlier job left.
struct ManagedVolume {
    std::string name;
    std::string destination;
    bool reusable = false;  ///< outlives the job
};

struct VolumePlan {
    std::vector<std::string> binds;  ///< "source:/destination[:mode]" for HostConfig.Binds
    std::vector<ManagedVolume> managed;
    std::vector<std::string> writable;  ///< destinations that any user of the job may write to
};

/// Names and rules of job-runtime.md §5.5; pure. `container_base` is unique to the job: temporary
/// volumes have it in their names. kConfiguration for an entry that is not valid.
base::Result<VolumePlan> plan_volumes(const JobEnvironment& job, const DockerSettings& settings,
                                      const std::string& container_base);

/// Whether `path` lies on one of the volumes in `binds`; pure.
bool is_mounted(const std::vector<std::string>& binds, const std::string& path);

}  // namespace executors::docker
