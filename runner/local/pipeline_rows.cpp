#include "runner/local/pipeline_rows.hpp"

namespace runner::local {

PipelineRows::PipelineRows(Display& display, const std::vector<pipeline::plan::PlannedJob>& jobs,
                           const std::string& prefix)
    : display_(display), states_(jobs.size(), pipeline::state::Status::kCreated) {
    for (const auto& planned : jobs) {
        const auto row = display_.add(prefix + planned.job->name, planned.job->stage);
        if (&planned == &jobs.front()) first_ = row;
    }
}

void PipelineRows::on_state(std::size_t job, pipeline::state::Status status,
                            const std::string& note) {
    states_.at(job) = status;
    display_.state(first_ + job, status, note);
}

void PipelineRows::warn(std::size_t job, const std::string& sentence) {
    const std::string text = "WARNING: " + sentence;
    line(job, display_.options().colours ? "\x1b[33m" + text + "\x1b[0m" : text);
}

}  // namespace runner::local
