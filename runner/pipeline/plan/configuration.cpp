#include "runner/pipeline/plan/configuration.hpp"

namespace runner::pipeline::plan {

const Job* Configuration::find(const std::string& name) const {
    const auto found = jobs_by_name_.find(name);
    return found == jobs_by_name_.end() ? nullptr : &jobs[found->second];
}

int Configuration::stage_index(const std::string& stage) const {
    const auto found = stages_by_name_.find(stage);
    return found == stages_by_name_.end() ? -1 : found->second;
}

void Configuration::index() {
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs_by_name_.emplace(jobs[i].name, i);
    for (std::size_t i = 0; i < stages.size(); ++i) {
        stages_by_name_.emplace(stages[i], static_cast<int>(i));
    }
}

}  // namespace runner::pipeline::plan
