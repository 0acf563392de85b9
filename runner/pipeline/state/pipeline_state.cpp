#include "runner/pipeline/state/pipeline_state.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace runner::pipeline::state {

using plan::When;

namespace {

/// Whether `when` lets the job run after jobs with this status.
bool runs_after(const PipelineJob& job, Status previous) {
    const bool success = previous == Status::kSuccess;
    const bool skipped = previous == Status::kSkipped;
    const bool failed = previous == Status::kFailed;
    switch (job.when) {
        case When::kOnSuccess:
        case When::kManual:
        case When::kDelayed: return success || (skipped && !job.has_needs);
        case When::kOnFailure: return failed;
        case When::kAlways: return success || failed || skipped;
        case When::kNever: return false;
    }
    return false;
}

/// Whether later stages wait for this job.
bool is_open(const Member& member) {
    const bool ignored = member.allow_failure && member.status == Status::kManual;
    return !is_complete(member.status) && !ignored;
}

Member member_of(const PipelineJob& job) { return {job.status, job.allow_failure}; }

}  // namespace

PipelineState::PipelineState(std::vector<PipelineJob> jobs)
    : jobs_(std::move(jobs)), links_(jobs_.size()) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        by_name_.emplace(jobs_[i].name, i);
        stages_.resize(std::max(stages_.size(), jobs_[i].stage + 1));
    }
    link_jobs();
    order_jobs();
    for (const std::size_t job : order_) {
        if (jobs_[job].has_needs)
            reconsider(job);
        else
            stages_[jobs_[job].stage].jobs.push_back(job);
    }
}

void PipelineState::link_jobs() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        const PipelineJob& job = jobs_[i];
        const Member member = member_of(job);
        all_.add(member);
        stages_[job.stage].counts.add(member);
        if (is_open(member)) ++stages_[job.stage].open;
        if (!job.has_needs) continue;
        for (const std::string& need : job.needs) {
            const auto target = find(need);
            if (!target) continue;
            links_[i].needs.add(member_of(jobs_[*target]));
            links_[*target].dependents.push_back(i);
        }
    }
}

void PipelineState::order_jobs() {
    order_.resize(jobs_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
        return jobs_[a].stage < jobs_[b].stage;
    });
    for (std::size_t i = 0; i < order_.size(); ++i) links_[order_[i]].position = i;
}

std::optional<std::size_t> PipelineState::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
}

/// The only function that changes a job. It keeps all counts up to date.
void PipelineState::change(std::size_t job, Status status, bool allow_failure) {
    PipelineJob& run = jobs_.at(job);
    const Member before = member_of(run);
    const Member after{status, allow_failure};
    run.status = status;
    run.allow_failure = allow_failure;
    const auto recount = [&](StatusCounts& counts) {
        counts.remove(before);
        counts.add(after);
    };
    Stage& stage = stages_[run.stage];
    recount(all_);
    recount(stage.counts);
    if (is_open(before)) --stage.open;
    if (is_open(after)) {
        ++stage.open;
        frontier_ = std::min(frontier_, run.stage);
        admitted_ = std::min(admitted_, run.stage + 1);
    }
    for (const std::size_t dependent : links_[job].dependents) {
        recount(links_[dependent].needs);
        reconsider(dependent);
    }
    if (status == Status::kCreated) reconsider(job);
    if (run.resource_group.empty()) return;
    const auto next =
        groups_.change(run.resource_group, links_[job].position, before.status, status);
    if (next) undecided_.insert(*next);
}

/// The status of the jobs for which this job waits.
Status PipelineState::previous(std::size_t job) const {
    if (jobs_[job].has_needs) return composite(links_[job].needs.statuses(), Purpose::kNeeds);
    StatusSet statuses = 0;
    for (std::size_t stage = 0; stage < jobs_[job].stage; ++stage) {
        statuses |= stages_[stage].counts.statuses();
    }
    return composite(statuses, Purpose::kStage);
}

/// Returns false when the job has to wait for its resource group.
bool PipelineState::enqueue_or_wait(std::size_t job) {
    const bool taken = groups_.is_occupied(jobs_[job].resource_group);
    change(job, taken ? Status::kWaitingForResource : Status::kPending);
    return !taken;
}

void PipelineState::decide(std::size_t index, std::vector<Step>& steps) {
    const PipelineJob& job = jobs_[index];
    if (job.status == Status::kWaitingForResource) {
        if (groups_.is_occupied(job.resource_group)) return;
        change(index, Status::kPending);
        steps.push_back({index, Action::kEnqueue});
        return;
    }
    if (job.status != Status::kCreated) return;
    if (!job.has_needs && job.stage > frontier_) return;
    const Status before = previous(index);
    if (!is_complete(before)) return;
    if (!runs_after(job, before)) {
        change(index, Status::kSkipped);
        steps.push_back({index, Action::kSkip});
    } else if (job.when == When::kManual) {
        change(index, Status::kManual);
        steps.push_back({index, Action::kAskForManual});
    } else if (job.when == When::kDelayed) {
        change(index, Status::kScheduled);
        steps.push_back({index, Action::kStartTimer});
    } else if (enqueue_or_wait(index)) {
        steps.push_back({index, Action::kEnqueue});
    }
}

/// The jobs of a stage may be decided when no earlier stage has open jobs.
void PipelineState::admit_stages() {
    while (frontier_ < stages_.size() && stages_[frontier_].open == 0) ++frontier_;
    for (; admitted_ < stages_.size() && admitted_ <= frontier_; ++admitted_) {
        for (const std::size_t job : stages_[admitted_].jobs) {
            if (jobs_[job].status == Status::kCreated) reconsider(job);
        }
    }
}

std::vector<Step> PipelineState::advance() {
    std::vector<Step> steps;
    for (;;) {
        admit_stages();
        if (undecided_.empty()) return steps;
        const std::size_t job = order_[*undecided_.begin()];
        undecided_.erase(undecided_.begin());
        decide(job, steps);
    }
}

void PipelineState::started(std::size_t job) {
    change(job, Status::kRunning, jobs_.at(job).allow_failure);
}

void PipelineState::finished(std::size_t job, Status status, std::optional<int> exit_code) {
    const auto& codes = jobs_.at(job).allowed_exit_codes;
    bool allowed = jobs_[job].allow_failure;
    if (status == Status::kFailed && exit_code && !codes.empty()) {
        allowed = std::find(codes.begin(), codes.end(), *exit_code) != codes.end();
    }
    change(job, status, allowed);
}

void PipelineState::play(std::size_t job) {
    const Status status = jobs_.at(job).status;
    if (status != Status::kManual && status != Status::kScheduled) return;
    enqueue_or_wait(job);
    revive_dependents(job);
}

void PipelineState::enqueue(std::size_t job) {
    if (jobs_.at(job).status == Status::kScheduled) enqueue_or_wait(job);
}

void PipelineState::retry(std::size_t job) {
    if (!is_complete(jobs_.at(job).status)) return;
    ++jobs_[job].retries;
    enqueue_or_wait(job);
    revive_dependents(job);
}

/// Makes all skipped jobs `created` again that depend on this job, by needs or by stage.
void PipelineState::revive_dependents(std::size_t job) {
    std::vector<std::size_t> open{job};
    const auto revive = [&](std::size_t index) {
        if (jobs_[index].status != Status::kSkipped) return;
        change(index, Status::kCreated);
        open.push_back(index);
    };
    std::size_t revived_from = stages_.size();  // this stage and later ones have been revived
    while (!open.empty()) {
        const std::size_t root = open.back();
        open.pop_back();
        for (const std::size_t dependent : links_[root].dependents) revive(dependent);
        for (; revived_from > jobs_[root].stage + 1; --revived_from) {
            for (const std::size_t follower : stages_[revived_from - 1].jobs) revive(follower);
        }
    }
}

void PipelineState::cancel_all() {
    for (std::size_t job = 0; job < jobs_.size(); ++job) {
        const Status status = jobs_[job].status;
        if (is_complete(status)) continue;
        const bool running = status == Status::kRunning || status == Status::kCanceling;
        change(job, running ? Status::kCanceling : Status::kCanceled);
    }
}

Status PipelineState::status() const { return composite(all_.statuses(), Purpose::kStage); }

Status PipelineState::stage_status(std::size_t stage) const {
    if (stage >= stages_.size()) return Status::kSuccess;
    return composite(stages_[stage].counts.statuses(), Purpose::kStage);
}

bool PipelineState::done() const {
    constexpr StatusSet kMoving = set_of(Status::kPending) | set_of(Status::kRunning) |
                                  set_of(Status::kCanceling) | set_of(Status::kWaitingForResource) |
                                  set_of(Status::kPreparing) | set_of(Status::kScheduled) |
                                  set_of(Status::kWaitingForCallback);
    return (all_.statuses() & kMoving) == 0;
}

}  // namespace runner::pipeline::state
