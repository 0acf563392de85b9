#include "runner/status/job_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.hpp"

namespace runner::status {

bool is_of_runner(const JobState& job, const std::string& runner) {
    return runner.empty() || job.runner_name == runner || job.short_token == runner;
}

std::vector<std::string> runners_of(const std::vector<JobState>& jobs) {
    std::map<std::string, std::set<std::string>> tokens;  // by name
    for (const JobState& job : jobs) tokens[job.runner_name].insert(job.short_token);
    std::vector<std::string> names;
    for (const auto& [name, of_name] : tokens) {
        if (of_name.size() == 1) {
            names.push_back(name);
        } else {
            names.insert(names.end(), of_name.begin(), of_name.end());
        }
    }
    return names;
}

std::string several_jobs(std::int64_t id, const std::vector<JobState>& jobs) {
    return fmt::format(
        "jobs of several servers have the number {}: say which runner's is meant, {} (--runner "
        "NAME, in an address ?runner=NAME)",
        id, base::join(runners_of(jobs), " or "));
}

}  // namespace runner::status
