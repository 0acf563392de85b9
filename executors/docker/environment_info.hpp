#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/settings.hpp"
#include "executors/executor.hpp"

namespace executors::docker {

/// The answer of Executor::info() for a job's objects; pure.
EnvironmentInfo describe_environment(const JobObjects& objects);

/// What a job with an inner engine waits for; pure. nullopt for a job without one.
std::optional<ReadinessStage> engine_readiness(const JobObjects& objects, const DindSettings& dind);

/// The text that tells the user why the supervisor may never answer; "" when the image's
/// ENTRYPOINT cannot be the reason. Pure.
std::string entrypoint_hint(const JobObjects& objects);

/// The reason why a program could not be started in the job's container: how the container ended,
/// and the end of its log. `hint` is added when it is not empty. Answers `error` itself when the
/// container runs or the engine does not answer.
base::Task<base::Error> explain_refusal(EngineApi& api, const JobObjects& objects, std::string hint,
                                        base::Error error);

}  // namespace executors::docker
