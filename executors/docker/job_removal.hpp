#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/job_objects.hpp"

namespace executors::docker {

/// Kills the containers of a job; nothing is removed.
base::Task<base::Result<void>> kill_containers(EngineApi& api, const JobObjects& objects);

/// Removes the containers of a job, then its network and its temporary volumes. A thing that does
/// not exist is a success; a failure does not keep the other things from being removed. `objects`
/// stays valid until the end.
base::Task<base::Result<void>> remove_objects(EngineApi& api, const JobObjects& objects,
                                              bool keep_anonymous_volumes);

/// Removes every container that has all of `labels`: after an interrupted preparation, a container
/// may be known by its labels only.
base::Task<base::Result<void>> remove_labelled(EngineApi& api,
                                               std::map<std::string, std::string> labels,
                                               bool keep_anonymous_volumes);

}  // namespace executors::docker
