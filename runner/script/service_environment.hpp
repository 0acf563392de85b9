#pragma once

#include <vector>

#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/script/text_expander.hpp"

namespace runner::script {

/// The environment of a service: the job's public variables, and over them the service's `own`
/// ones. Those may refer to each other and to all variables of the job; a name that both have is
/// the service's, but the job's in the value of that variable itself ("A: $A-x"). Variables that no
/// program can get are left out. After a problem of `texts` it is empty.
std::vector<executors::EnvironmentVariable> service_environment(
    const std::vector<executors::EnvironmentVariable>& job_public,
    const std::vector<protocol::gitlab::Variable>& own, const Variables& variables,
    TextExpander& texts);

}  // namespace runner::script
