#include "runner/pipeline/state/process.hpp"

#include <algorithm>
#include <utility>

#include "runner/pipeline/plan/components.hpp"

namespace runner::pipeline::state {

using plan::When;

namespace {

bool runs_after(const Run& job, Status previous) {
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

bool occupies_resource(Status status) {
    return status == Status::kPending || status == Status::kRunning ||
           status == Status::kCanceling || status == Status::kPreparing;
}

}  // namespace

Process::Process(std::vector<Run> jobs) : jobs_(std::move(jobs)) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        by_name_.emplace(jobs_[i].name, i);
        stages_ = std::max(stages_, jobs_[i].stage + 1);
    }
    order_jobs();
}

void Process::order_jobs() {
    std::vector<std::vector<std::size_t>> edges(jobs_.size());
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        for (const std::string& need : jobs_[i].needs) {
            if (const auto target = find(need)) edges[i].push_back(*target);
        }
    }
    for (const auto& component : plan::strong_components(edges)) {
        order_.insert(order_.end(), component.begin(), component.end());
    }
    std::stable_sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
        return jobs_[a].stage < jobs_[b].stage;
    });
}

std::optional<std::size_t> Process::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
}

Status Process::previous(const Run& job) const {
    std::vector<Member> members;
    if (job.has_needs) {
        for (const std::string& need : job.needs) {
            if (const auto target = find(need)) {
                members.push_back({jobs_[*target].status, jobs_[*target].allow_failure});
            }
        }
        return composite(members, Purpose::kNeeds);
    }
    for (const Run& other : jobs_) {
        if (other.stage < job.stage) members.push_back({other.status, other.allow_failure});
    }
    return composite(members, Purpose::kStage);
}

bool Process::resource_is_taken(const Run& job) const {
    if (job.resource_group.empty()) return false;
    return std::any_of(jobs_.begin(), jobs_.end(), [&](const Run& other) {
        return &other != &job && other.resource_group == job.resource_group &&
               occupies_resource(other.status);
    });
}

bool Process::enqueue_or_wait(std::size_t index) {
    Run& job = jobs_[index];
    const bool taken = resource_is_taken(job);
    job.status = taken ? Status::kWaitingForResource : Status::kPending;
    return !taken;
}

bool Process::decide(std::size_t index, std::vector<Step>& steps) {
    Run& job = jobs_[index];
    if (job.status == Status::kWaitingForResource) {
        if (!enqueue_or_wait(index)) return false;
        steps.push_back({index, Action::kEnqueue});
        return true;
    }
    if (job.status != Status::kCreated) return false;
    const Status before = previous(job);
    if (!is_complete(before)) return false;
    if (!runs_after(job, before)) {
        job.status = Status::kSkipped;
        steps.push_back({index, Action::kSkip});
    } else if (job.when == When::kManual) {
        job.status = Status::kManual;
        steps.push_back({index, Action::kAskForManual});
    } else if (job.when == When::kDelayed) {
        job.status = Status::kScheduled;
        steps.push_back({index, Action::kStartTimer});
    } else if (enqueue_or_wait(index)) {
        steps.push_back({index, Action::kEnqueue});
    }
    return true;
}

std::vector<Step> Process::advance() {
    std::vector<Step> steps;
    // A decision can free what stands earlier in the order (needs on a later position of the same
    // stage), so the walk is repeated until nothing moves.
    for (bool moved = true; moved;) {
        moved = false;
        for (const std::size_t index : order_) moved = decide(index, steps) || moved;
    }
    return steps;
}

void Process::started(std::size_t job) { jobs_.at(job).status = Status::kRunning; }

void Process::finished(std::size_t job, Status status, std::optional<int> exit_code) {
    Run& run = jobs_.at(job);
    run.status = status;
    const auto& codes = run.allowed_exit_codes;
    if (status == Status::kFailed && exit_code && !codes.empty()) {
        run.allow_failure = std::find(codes.begin(), codes.end(), *exit_code) != codes.end();
    }
}

void Process::play(std::size_t job) {
    Run& run = jobs_.at(job);
    if (run.status != Status::kManual && run.status != Status::kScheduled) return;
    enqueue_or_wait(job);
    revive_dependents(job);
}

void Process::enqueue(std::size_t job) {
    if (jobs_.at(job).status == Status::kScheduled) enqueue_or_wait(job);
}

void Process::retry(std::size_t job) {
    Run& run = jobs_.at(job);
    if (!is_complete(run.status)) return;
    ++run.retries;
    enqueue_or_wait(job);
    revive_dependents(job);
}

void Process::revive_dependents(std::size_t job) {
    // Everything skipped that stands on this job, by needs or by stage, is open again.
    std::vector<bool> open(jobs_.size(), false);
    open[job] = true;
    for (const std::size_t index : order_) {
        Run& run = jobs_[index];
        if (index == job || run.status != Status::kSkipped) continue;
        bool follows = false;
        if (run.has_needs) {
            follows = std::any_of(run.needs.begin(), run.needs.end(), [&](const std::string& need) {
                const auto target = find(need);
                return target && open[*target];
            });
        } else {
            for (std::size_t other = 0; other < jobs_.size() && !follows; ++other) {
                follows = open[other] && jobs_[other].stage < run.stage;
            }
        }
        if (!follows) continue;
        run.status = Status::kCreated;
        open[index] = true;
    }
}

void Process::cancel_all() {
    for (Run& job : jobs_) {
        if (is_complete(job.status)) continue;
        const bool running = job.status == Status::kRunning || job.status == Status::kCanceling;
        job.status = running ? Status::kCanceling : Status::kCanceled;
    }
}

Status Process::status() const {
    std::vector<Member> members;
    for (const Run& job : jobs_) members.push_back({job.status, job.allow_failure});
    return composite(members, Purpose::kStage);
}

Status Process::stage_status(std::size_t stage) const {
    std::vector<Member> members;
    for (const Run& job : jobs_) {
        if (job.stage == stage) members.push_back({job.status, job.allow_failure});
    }
    return composite(members, Purpose::kStage);
}

bool Process::done() const {
    return std::none_of(jobs_.begin(), jobs_.end(), [](const Run& job) {
        return job.status == Status::kPending || job.status == Status::kRunning ||
               job.status == Status::kCanceling || job.status == Status::kWaitingForResource ||
               job.status == Status::kPreparing || job.status == Status::kScheduled ||
               job.status == Status::kWaitingForCallback;
    });
}

}  // namespace runner::pipeline::state
