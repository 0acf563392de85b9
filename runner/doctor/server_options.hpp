#pragma once

#include "base/result.hpp"
#include "executors/docker/settings.hpp"
#include "protocol/http/client.hpp"
#include "runner/config/config.hpp"

/// How the doctor's clients connect: as the daemon and the engines do. Pure.
namespace runner::doctor {

protocol::http::TlsSettings tls_of(const config::RunnerConfig& runner);

/// To the GitLab server of a runner. kInvalidInput for an address that cannot be used.
base::Result<protocol::http::ClientOptions> gitlab_options(const config::RunnerConfig& runner);

/// To a declared registry. kConfiguration for a name that only jobs can resolve over TLS: the
/// certificate could not be compared.
base::Result<protocol::http::ClientOptions> registry_options(
    const executors::docker::RegistrySettings& settings);

}  // namespace runner::doctor
