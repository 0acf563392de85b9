#pragma once

#include <optional>
#include <string>

#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/variables.hpp"

namespace runner::job {

/// The repository of the job, for a mirror on the engine; nullopt where a mirror does not apply: it
/// is switched off, the sources do not come by a fetch over HTTP, or there is no login. Only the
/// configuration decides how the server is reached (proxies, certificates): a job must not choose
/// who vouches for its token. `authority`: of the server, as PEM. Pure.
std::optional<executors::GitMirrorSource> git_mirror_source(
    const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
    const script::Variables& variables, const std::string& system_id, const std::string& authority);

}  // namespace runner::job
