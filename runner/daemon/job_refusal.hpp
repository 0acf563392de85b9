#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/journal/outcome.hpp"

namespace runner::daemon {

/// Reports to the server that an assigned job cannot begin here. The job's log gets one line with
/// the reason. Strand: the I/O thread. Failures are logged; the server then ends the job by its own
/// time limit.
///
/// `known_reasons`: the failure reasons that the server knows.
base::Task<void> refuse_job(std::shared_ptr<RunnerEntry> entry,
                            protocol::gitlab::JobCredentials job, journal::Failure why,
                            std::vector<std::string> known_reasons);

}  // namespace runner::daemon
