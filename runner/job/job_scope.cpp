#include "runner/job/job_scope.hpp"

#include <utility>
#include <vector>

namespace runner::job {

base::log::Scope job_scope(std::int64_t job, std::int64_t project, const journal::JobRecord& record,
                           const std::string& runner_name) {
    std::vector<base::log::Field> fields;
    if (job != 0) fields.emplace_back("job", job);
    if (project != 0) fields.emplace_back("project", project);
    if (!record.short_token.empty()) fields.emplace_back("runner", record.short_token);
    if (!runner_name.empty()) fields.emplace_back("runner_name", runner_name);
    if (!record.correlation_id.empty()) {
        fields.emplace_back("correlation_id", record.correlation_id);
    }
    return base::log::Scope(std::move(fields));
}

base::log::Scope job_scope(const protocol::gitlab::JobPayload& payload,
                           const journal::JobRecord& record, const std::string& runner_name) {
    return job_scope(payload.id, payload.job_info.project_id, record, runner_name);
}

}  // namespace runner::job
