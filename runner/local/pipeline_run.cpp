#include "runner/local/pipeline_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/local/payload.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/state/retry.hpp"
#include "runner/pipeline/variables/expand.hpp"

namespace runner::local {

namespace state = pipeline::state;
using pipeline::plan::PlannedJob;
using state::Status;

namespace {

std::string resource_group_of(const PlannedJob& planned,
                              const pipeline::plan::CreateRequest& request) {
    const auto* written = planned.job->value.given("resource_group");
    if (written == nullptr) return {};
    const auto known = known_to(planned, request.predefined, {}, request.given);
    return pipeline::variables::expand(written->to_text(), known,
                                       pipeline::variables::Undefined::kEmpty);
}

std::vector<state::PipelineJob> runs_of(const PipelineRun::Jobs& jobs,
                                        const std::vector<std::string>& stages,
                                        const pipeline::plan::CreateRequest& request) {
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
        run.resource_group = resource_group_of(planned, request);
        runs.push_back(std::move(run));
    }
    return runs;
}

}  // namespace

/// "Its last words:" is nothing to end with.
std::string note_of(const std::string& message) {
    std::string line = message.substr(0, message.find('\n'));
    if (!line.ends_with(':')) return line;
    const auto sentence = line.rfind(". ");
    line.resize(sentence == std::string::npos ? line.size() - 1 : sentence);
    return line;
}

bool is_named(const std::set<std::string>& names, const std::string& prefix,
              const pipeline::plan::Job& job) {
    return names.contains(job.name) || names.contains(job.definition) ||
           names.contains(prefix + job.name) || names.contains(prefix + job.definition);
}

PipelineRun::PipelineRun(const boost::asio::any_io_executor& executor, const Jobs& jobs,
                         const std::vector<std::string>& stages,
                         const pipeline::plan::CreateRequest& request, PipelineWishes wishes,
                         JobStarter& starter, PipelineObserver& observer, Capacity& capacity)
    : jobs_(jobs),
      wishes_(std::move(wishes)),
      starter_(starter),
      observer_(observer),
      capacity_(capacity),
      process_(runs_of(jobs, stages, request)),
      timers_(executor),
      group_(executor) {}

void PipelineRun::tell(std::size_t job, const std::string& note) {
    observer_.on_state(job, process_.jobs()[job].status, note);
}

base::Task<void> PipelineRun::run() {
    while (true) {
        const std::size_t seen = ends_;
        take(process_.advance());
        start_ready();
        if (ends_ != seen) continue;  // a job that had nothing to wait for is over already
        const bool idle = running_ == 0 && ready_.empty() && (delays_ == 0 || stopped_);
        if (idle && (stopped_ || !wishes_.interactive || waiting_for_play().empty())) break;
        if (idle && capacity_.busy == 0 && !capacity_.asking) {
            auto goes_on = co_await ask();
            if (!goes_on) break;
            continue;
        }
        co_await capacity_.changed.wait();
    }
    co_await group_.wait();
    co_await timers_.wait();
}

void PipelineRun::take(const std::vector<state::Step>& steps) {
    for (const auto& [job, action] : steps) {
        switch (action) {
            case state::Action::kEnqueue: ready_.push_back(job); break;
            case state::Action::kAskForManual:
                if (wanted(job)) play(job);
                break;
            case state::Action::kStartTimer: {
                const auto delay = pipeline::parse_duration(jobs_[job].start_in.value_or(""))
                                       .value_or(std::chrono::seconds(0));
                if (!wishes_.wait_for_delays || delay.count() == 0) {
                    process_.enqueue(job);
                    queue_if_pending(job);
                } else {
                    tell(job, "starts in " + *jobs_[job].start_in);
                    ++delays_;
                    timers_.spawn("delay of " + jobs_[job].job->name, wait_delay(job, delay));
                }
                break;
            }
            case state::Action::kSkip: break;
        }
        tell(job);
    }
}

void PipelineRun::queue_if_pending(std::size_t job) {
    if (process_.jobs()[job].status == Status::kPending) ready_.push_back(job);
}

void PipelineRun::play(std::size_t job) {
    process_.play(job);
    queue_if_pending(job);
}

bool PipelineRun::wanted(std::size_t job) const {
    return wishes_.play_all || is_named(wishes_.play, wishes_.prefix, *jobs_[job].job);
}

std::vector<std::size_t> PipelineRun::waiting_for_play() const {
    std::vector<std::size_t> manual;
    for (std::size_t job = 0; job < jobs_.size(); ++job) {
        // A bridge has this state when its child waits; the child asks for its own jobs.
        if (waiting_bridges_.contains(job)) continue;
        if (process_.jobs()[job].status == Status::kManual) manual.push_back(job);
    }
    return manual;
}

base::Task<bool> PipelineRun::ask() {
    capacity_.asking = true;
    const std::vector<std::size_t> manual = waiting_for_play();
    auto asking = observer_.choose(manual);
    auto chosen = co_await std::move(asking);
    capacity_.asking = false;
    capacity_.changed.notify_all();
    // What was not chosen now can still be chosen when another job has been played.
    if (chosen.empty() || stopped_) co_return false;
    for (const std::size_t job : chosen) {
        play(job);
        tell(job);
    }
    co_return true;
}

/// A bridge takes no place: the jobs of its child do.
bool PipelineRun::has_room_for(std::size_t job) const {
    return jobs_[job].job->bridge ||
           (capacity_.free > 0 &&
            !capacity_.held_groups.contains(process_.jobs()[job].resource_group));
}

void PipelineRun::occupy(std::size_t job) {
    if (jobs_[job].job->bridge) return;
    --capacity_.free;
    ++capacity_.busy;
    const std::string& group = process_.jobs()[job].resource_group;
    if (!group.empty()) capacity_.held_groups.insert(group);
}

void PipelineRun::give_back(std::size_t job) {
    if (jobs_[job].job->bridge) return;
    ++capacity_.free;
    --capacity_.busy;
    capacity_.held_groups.erase(process_.jobs()[job].resource_group);
}

void PipelineRun::start_ready() {
    std::vector<std::size_t> later;
    for (const std::size_t job : std::exchange(ready_, {})) {
        if (!has_room_for(job)) {
            later.push_back(job);
            continue;
        }
        occupy(job);
        ++running_;
        process_.started(job);
        tell(job);
        group_.spawn("job " + jobs_[job].job->name, run_job(job));
    }
    ready_.insert(ready_.begin(), later.begin(), later.end());
}

base::Task<void> PipelineRun::run_job(std::size_t job) {
    auto running = starter_.run(job, process_.jobs()[job].retries);
    auto end = co_await std::move(running);
    give_back(job);
    --running_;
    judge(job, end);
    capacity_.changed.notify_all();
}

void PipelineRun::judge(std::size_t job, const JobEnd& end) {
    ++ends_;
    process_.finished(job, end.status, end.exit_code);
    if (end.status == Status::kManual) waiting_bridges_.insert(job);
    const bool allowed = end.status == Status::kFailed && process_.jobs()[job].allow_failure;
    tell(job, end.note + (allowed ? " (allowed to fail)" : ""));
    if (end.status != Status::kFailed || stopped_) return;
    const auto* retry = jobs_[job].job->value.given("retry");
    const pipeline::yaml::Value none;
    const int before = process_.jobs()[job].retries;
    if (state::should_retry(retry == nullptr ? none : *retry, end.reason, end.exit_code, before)) {
        process_.retry(job);
        queue_if_pending(job);
        tell(job, fmt::format("retry {}", before + 1));
        return;
    }
    if (wishes_.cancel_on_failure && !process_.jobs()[job].allow_failure) stop();
}

base::Task<void> PipelineRun::wait_delay(std::size_t job, std::chrono::seconds delay) {
    auto waited = co_await base::sleep_for(delay);
    --delays_;
    if (waited && !stopped_) {
        process_.enqueue(job);
        queue_if_pending(job);
        tell(job);
    }
    capacity_.changed.notify_all();
}

void PipelineRun::stop() {
    if (stopped_) return;
    stopped_ = true;
    process_.cancel_all();
    ready_.clear();
    for (std::size_t job = 0; job < jobs_.size(); ++job) tell(job);
    timers_.cancel_all();
    starter_.stop_all();
    capacity_.changed.notify_all();
}

}  // namespace runner::local
