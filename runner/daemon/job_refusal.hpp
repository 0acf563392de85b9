#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::daemon {

/// Tells the server that a job it has assigned cannot begin here: its log has the one line that
/// says why. Failures are logged: the server then ends the job by its own time limit.
///
/// `known_reasons`: the failure reasons that the server knows.
base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry,
                            protocol::gitlab::JobCredentials job, journal::Failure why,
                            std::vector<std::string> known_reasons);

}  // namespace runner::daemon
