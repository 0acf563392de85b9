#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/registry_auth.hpp"
#include "runner/config/config.hpp"

namespace runner::doctor {

/// The login that jobs of the runner have for the registry, without what GitLab adds; an empty one
/// when they have none. kConfiguration when a source of logins cannot be read.
base::Task<base::Result<executors::docker::Credential>> login_of(
    const config::RunnerConfig& runner, executors::docker::RegistrySettings settings);

}  // namespace runner::doctor
