#pragma once

#include "base/log.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/journal/journal.hpp"

namespace runner::job {

/// The fields of all lines of the daemon's log about one job: `job`, `project`, `runner`,
/// `runner_name`, and `correlation_id` of the request that brought the job. What is not known is
/// left out.
base::log::Scope job_scope(std::int64_t job, std::int64_t project, const journal::JobRecord& record,
                           const std::string& runner_name);
base::log::Scope job_scope(const protocol::gitlab::JobPayload& payload,
                           const journal::JobRecord& record, const std::string& runner_name);

}  // namespace runner::job
