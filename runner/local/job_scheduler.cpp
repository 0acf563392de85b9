#include "runner/local/job_scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/local/manual_jobs.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/state/retry.hpp"

namespace runner::local {

namespace state = pipeline::state;
using pipeline::plan::PlannedJob;
using state::Status;

namespace {

std::vector<state::PipelineJob> runs_of(const JobScheduler::Jobs& jobs,
                                        const std::vector<std::string>& stages) {
    std::vector<state::PipelineJob> runs;
    for (const PlannedJob& planned : jobs) {
        state::PipelineJob run;
        run.name = planned.job->name;
        const auto place = std::find(stages.begin(), stages.end(), planned.job->stage);
        run.stage = static_cast<std::size_t>(place - stages.begin());
        run.when = planned.when;
        run.allow_failure = planned.allow_failure;
        run.allowed_exit_codes = planned.allowed_exit_codes;
        run.has_needs = planned.has_needs;
        for (const auto& need : planned.needs) run.needs.push_back(need.job);
        run.resource_group = planned.expanded.resource_group;
        runs.push_back(std::move(run));
    }
    return runs;
}

}  // namespace

JobScheduler::JobScheduler(const Jobs& jobs, const std::vector<std::string>& stages,
                           PipelineOptions options, StateObserver& observer)
    : jobs_(jobs),
      options_(std::move(options)),
      observer_(observer),
      process_(runs_of(jobs, stages)) {}

std::vector<JobScheduler::Delay> JobScheduler::advance() {
    std::vector<Delay> delays;
    for (const state::Step& step : process_.advance()) take(step, delays);
    return delays;
}

void JobScheduler::take(const state::Step& step, std::vector<Delay>& delays) {
    switch (step.action) {
        case state::Action::kEnqueue: ready_.push_back(step.job); break;
        case state::Action::kAskForManual:
            if (is_to_be_played(step.job)) {
                process_.play(step.job);
                queue_if_pending(step.job);
            }
            break;
        case state::Action::kStartTimer: begin_delay(step.job, delays); break;
        case state::Action::kSkip: break;
    }
    tell(step.job);
}

void JobScheduler::begin_delay(std::size_t job, std::vector<Delay>& delays) {
    const std::string written = jobs_[job].start_in.value_or("");
    const auto time = pipeline::parse_duration(written).value_or(std::chrono::seconds(0));
    if (!options_.wait_for_delays || time.count() == 0) {
        process_.enqueue(job);
        queue_if_pending(job);
        return;
    }
    tell(job, "starts in " + written);
    delays.push_back({job, time});
}

std::optional<std::size_t> JobScheduler::take_ready(const std::function<bool(std::size_t)>& fits) {
    const auto found = std::find_if(ready_.begin(), ready_.end(), fits);
    if (found == ready_.end()) return std::nullopt;
    const std::size_t job = *found;
    ready_.erase(found);
    process_.started(job);
    tell(job);
    return job;
}

JobScheduler::Consequence JobScheduler::finished(std::size_t job, const JobEnd& end) {
    process_.finished(job, end.status, end.exit_code);
    if (end.status == Status::kManual) waiting_bridges_.insert(job);
    const bool allowed = end.status == Status::kFailed && process_.jobs()[job].allow_failure;
    tell(job, end.note + (allowed ? " (allowed to fail)" : ""));
    if (end.status != Status::kFailed || canceled_) return Consequence::kNone;
    if (retries(job, end)) {
        process_.retry(job);
        queue_if_pending(job);
        tell(job, fmt::format("retry {}", process_.jobs()[job].retries));
        return Consequence::kNone;
    }
    const bool cancels = options_.cancel_on_failure && !process_.jobs()[job].allow_failure;
    return cancels ? Consequence::kCancelPipeline : Consequence::kNone;
}

bool JobScheduler::retries(std::size_t job, const JobEnd& end) const {
    const pipeline::yaml::Value none;
    const auto* retry = jobs_[job].job->value.given("retry");
    return state::should_retry(retry == nullptr ? none : *retry, end.reason, end.exit_code,
                               process_.jobs()[job].retries);
}

void JobScheduler::delay_over(std::size_t job) {
    if (canceled_) return;
    process_.enqueue(job);
    queue_if_pending(job);
    tell(job);
}

void JobScheduler::play(std::size_t job) {
    process_.play(job);
    queue_if_pending(job);
    tell(job);
}

void JobScheduler::cancel() {
    canceled_ = true;
    process_.cancel_all();
    ready_.clear();
    for (std::size_t job = 0; job < jobs_.size(); ++job) tell(job);
}

std::vector<std::size_t> JobScheduler::waiting_for_play() const {
    std::vector<std::size_t> manual;
    for (std::size_t job = 0; job < jobs_.size(); ++job) {
        if (waiting_bridges_.contains(job)) continue;
        if (process_.jobs()[job].status == Status::kManual) manual.push_back(job);
    }
    return manual;
}

bool JobScheduler::is_to_be_played(std::size_t job) const {
    return options_.play_all || is_named(options_.play, options_.prefix, *jobs_[job].job);
}

void JobScheduler::queue_if_pending(std::size_t job) {
    if (process_.jobs()[job].status == Status::kPending) ready_.push_back(job);
}

void JobScheduler::tell(std::size_t job, const std::string& note) {
    observer_.on_state(job, process_.jobs()[job].status, note);
}

}  // namespace runner::local
