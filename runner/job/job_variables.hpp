#pragma once

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/journal/journal.hpp"
#include "runner/script/variables.hpp"

namespace runner::job {

/// A job's variables, which its log, its environment and its scripts share: made once, when the
/// job's record is there and its inputs were put into `payload`. The directories come later
/// (job_directories()).
script::Variables make_variables(const protocol::gitlab::JobPayload& payload,
                                 const config::RunnerConfig& runner,
                                 const journal::JobRecord& record);

}  // namespace runner::job
