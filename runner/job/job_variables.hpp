#pragma once

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/journal/journal.hpp"
#include "runner/script/variables.hpp"

namespace runner::job {

/// The variables that the log, the environment and the scripts of a job share. Call it once per
/// job, after the job's inputs were put into `payload`. job_directories() adds the directories
/// later.
script::Variables make_variables(const protocol::gitlab::JobPayload& payload,
                                 const config::RunnerConfig& runner,
                                 const journal::JobRecord& record);

}  // namespace runner::job
