#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/task.hpp"
#include "executors/executor.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::daemon {

/// Reports to the server that an assigned job cannot begin or go on here. The job's log gets one
/// line with the reason, behind what the server has of it. Strand: the I/O thread. Failures are
/// logged; the server then ends the job by its own time limit.
///
/// `known_reasons`: the failure reasons that the server knows. `daemon_log`: job::job_scope().
base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry,
                            protocol::gitlab::JobCredentials job, journal::Failure why,
                            std::vector<std::string> known_reasons, base::log::Scope daemon_log);

/// Ends a job of the journal that former daemons died of: reports it as failed, and removes its
/// environment and its files. Nothing is made of its payload but id and token. Strand: the I/O
/// thread. When the server could not be told, the journal keeps the job for the next start.
base::Task<void> give_up_job(std::shared_ptr<RunnerEntry> entry,
                             std::unique_ptr<executors::Executor> executor,
                             journal::FoundJob found);

}  // namespace runner::daemon
