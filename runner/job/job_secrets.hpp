#pragma once

#include <string>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/variables.hpp"

namespace runner::job {

/// A shorter password is masked only together with its user. Masked alone, it would hide too much
/// that is no secret.
inline constexpr std::size_t kMinPasswordBytes = 4;

/// What the log of a job must not show: the values of masked variables, the job's token, and the
/// passwords that the job can read in its docker configuration. These come from the payload, from
/// [[runners.registry]] and from DOCKER_AUTH_CONFIG; each is also masked as base64 of
/// "user:password", the form in ~/.docker/config.json. Reads the password files; a job whose
/// password file cannot be read has no password, and its log says why
/// (docker/registry_sources.cpp).
std::vector<std::string> job_secrets(const protocol::gitlab::JobPayload& payload,
                                     const script::Variables& variables,
                                     const config::RunnerConfig& runner);

}  // namespace runner::job
