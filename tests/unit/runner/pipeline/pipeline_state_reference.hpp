#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "runner/pipeline/state/pipeline_state.hpp"

namespace tests {

using runner::pipeline::plan::When;
using runner::pipeline::state::Member;
using runner::pipeline::state::PipelineJob;
using runner::pipeline::state::Purpose;
using runner::pipeline::state::Status;

/// A simple and slow implementation of PipelineState, written directly from
/// ci-yaml.md §5: it looks at all jobs for every question. Tests compare PipelineState with it.
class PipelineStateReference {
  public:
    explicit PipelineStateReference(std::vector<PipelineJob> jobs) : jobs_(std::move(jobs)) {}

    void advance() {
        for (bool moved = true; moved;) {
            moved = false;
            for (std::size_t stage = 0; stage < stages(); ++stage) {
                for (PipelineJob& job : jobs_) {
                    // A decision can change those of other jobs, so all jobs are decided again.
                    if (job.stage != stage || !decide(job)) continue;
                    moved = true;
                    break;
                }
                if (moved) break;
            }
        }
    }

    void started(std::size_t job) { jobs_[job].status = Status::kRunning; }
    void finished(std::size_t job, Status status) { jobs_[job].status = status; }
    void play(std::size_t job) {
        if (jobs_[job].status != Status::kManual && jobs_[job].status != Status::kScheduled) return;
        enqueue(jobs_[job]);
        revive(jobs_[job]);
    }
    void retry(std::size_t job) {
        if (!runner::pipeline::state::is_complete(jobs_[job].status)) return;
        enqueue(jobs_[job]);
        revive(jobs_[job]);
    }
    void cancel_all() {
        for (PipelineJob& job : jobs_) {
            if (runner::pipeline::state::is_complete(job.status)) continue;
            const bool running = job.status == Status::kRunning || job.status == Status::kCanceling;
            job.status = running ? Status::kCanceling : Status::kCanceled;
        }
    }

    [[nodiscard]] const std::vector<PipelineJob>& jobs() const { return jobs_; }
    [[nodiscard]] Status status() const {
        return of([](const PipelineJob&) { return true; }, Purpose::kStage);
    }
    [[nodiscard]] Status stage_status(std::size_t stage) const {
        return of([&](const PipelineJob& job) { return job.stage == stage; }, Purpose::kStage);
    }

  private:
    template <typename Chosen>
    [[nodiscard]] Status of(Chosen chosen, Purpose purpose) const {
        std::vector<Member> members;
        for (const PipelineJob& job : jobs_) {
            if (chosen(job)) members.push_back({job.status, job.allow_failure});
        }
        return composite(members, purpose);
    }

    [[nodiscard]] std::size_t stages() const {
        std::size_t count = 0;
        for (const PipelineJob& job : jobs_) count = std::max(count, job.stage + 1);
        return count;
    }

    static bool needs(const PipelineJob& job, const PipelineJob& other) {
        return std::find(job.needs.begin(), job.needs.end(), other.name) != job.needs.end();
    }

    [[nodiscard]] Status previous(const PipelineJob& job) const {
        if (job.has_needs)
            return of([&](const PipelineJob& other) { return needs(job, other); }, Purpose::kNeeds);
        return of([&](const PipelineJob& other) { return other.stage < job.stage; },
                  Purpose::kStage);
    }

    bool taken(const PipelineJob& job) const {
        return std::any_of(jobs_.begin(), jobs_.end(), [&](const PipelineJob& other) {
            return &other != &job && !job.resource_group.empty() &&
                   other.resource_group == job.resource_group &&
                   (other.status == Status::kPending || other.status == Status::kRunning ||
                    other.status == Status::kCanceling);
        });
    }

    void enqueue(PipelineJob& job) {
        job.status = taken(job) ? Status::kWaitingForResource : Status::kPending;
    }

    bool decide(PipelineJob& job) {
        if (job.status == Status::kWaitingForResource) {
            enqueue(job);
            return job.status == Status::kPending;
        }
        if (job.status != Status::kCreated) return false;
        const Status before = previous(job);
        if (!runner::pipeline::state::is_complete(before)) return false;
        if (!runs(job, before))
            job.status = Status::kSkipped;
        else if (job.when == When::kManual)
            job.status = Status::kManual;
        else if (job.when == When::kDelayed)
            job.status = Status::kScheduled;
        else
            enqueue(job);
        return true;
    }

    /// Whether `when` lets the job run after jobs with this status.
    static bool runs(const PipelineJob& job, Status before) {
        if (before == Status::kCanceled) return false;
        if (job.when == When::kAlways) return true;
        if (job.when == When::kNever) return false;
        if (job.when == When::kOnFailure) return before == Status::kFailed;
        return before == Status::kSuccess || (before == Status::kSkipped && !job.has_needs);
    }

    void revive(const PipelineJob& root) {
        std::vector<const PipelineJob*> open{&root};
        for (std::size_t i = 0; i < open.size(); ++i) {
            for (PipelineJob& job : jobs_) {
                if (job.status != Status::kSkipped) continue;
                if (job.has_needs ? !needs(job, *open[i]) : job.stage <= open[i]->stage) continue;
                job.status = Status::kCreated;
                open.push_back(&job);
            }
        }
    }

    std::vector<PipelineJob> jobs_;
};

}  // namespace tests
