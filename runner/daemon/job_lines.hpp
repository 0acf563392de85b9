#pragma once

#include "base/log.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/job/job_run.hpp"
#include "runner/journal/outcome.hpp"

/// The lines of the daemon's log about a job's way through the daemon; other lines about a job come
/// from its parts, with the same fields. The level says who has to act: an error the admin of this
/// runner, because the runner has failed the job; what a script or a user did is information.
namespace runner::daemon {

void log_received(const base::log::Scope& daemon_log, const protocol::gitlab::JobPayload& payload);
void log_refused(const base::log::Scope& daemon_log, const journal::Failure& why);
void log_end(const job::JobRun& run);

}  // namespace runner::daemon
