#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/state/resource_groups.hpp"
#include "runner/pipeline/state/status.hpp"

namespace runner::pipeline::state {

/// A job of a running pipeline: what decides when it runs, and its status.
struct PipelineJob {
    std::string name;
    std::size_t stage = 0;  ///< the index of its stage
    plan::When when = plan::When::kOnSuccess;
    bool allow_failure = false;
    bool has_needs = false;
    std::vector<std::string> needs;  ///< names; those that are not in the pipeline are ignored
    std::string resource_group;      ///< "": none
    Status status = Status::kCreated;
    int retries = 0;  ///< the number of retries so far
    std::vector<std::int64_t> allowed_exit_codes;
};

/// What the caller has to do with a job.
enum class Action {
    kEnqueue,       ///< the job is pending: run it
    kAskForManual,  ///< the job waits until somebody plays it
    kStartTimer,    ///< the job is delayed: call enqueue() when its delay is over
    kSkip,          ///< nothing: the job is skipped
};

struct Step {
    std::size_t job;  ///< the index of the job
    Action action;
};

/// The state machine of a pipeline (ci-yaml.md §5). It has no clock and starts no processes: the
/// caller runs the jobs, reports what happened, and advance() returns what to do next.
///
/// Life: construct it with all jobs `created` and call advance(). Then report with started(),
/// finished(), play(), … and call advance() after each report, until done() is true.
/// Cost: a report takes time for the jobs that depend on the reported job, not for all jobs.
/// Jobs are named by their index in the vector given to the constructor.
class PipelineState {
  public:
    explicit PipelineState(std::vector<PipelineJob> jobs);

    /// Changes the status of every job for which this can be decided. Returns the steps in the
    /// order of the decisions.
    std::vector<Step> advance();

    void started(std::size_t job);
    /// A job has ended with kSuccess, kFailed or kCanceled. When `allow_failure:exit_codes` of a
    /// failed job contains `exit_code`, the failure is allowed.
    void finished(std::size_t job, Status status, std::optional<int> exit_code = std::nullopt);
    /// Starts a manual job, or a delayed job before its time. Jobs that were skipped because of it
    /// are decided again.
    void play(std::size_t job);
    /// The delay of a scheduled job is over.
    void enqueue(std::size_t job);
    /// Runs a finished job again. Jobs that were skipped because of it are decided again.
    void retry(std::size_t job);
    void cancel_all();

    [[nodiscard]] const std::vector<PipelineJob>& jobs() const { return jobs_; }
    [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
    [[nodiscard]] Status status() const;  ///< of the pipeline
    [[nodiscard]] Status stage_status(std::size_t stage) const;
    /// No job runs or waits, and none can become ready unless somebody plays or retries a job.
    [[nodiscard]] bool done() const;

  private:
    struct Stage {
        StatusCounts counts;
        std::size_t open = 0;           ///< the number of jobs for which later stages wait
        std::vector<std::size_t> jobs;  ///< the jobs without `needs`
    };
    struct Links {
        std::size_t position = 0;             ///< in order_
        std::vector<std::size_t> dependents;  ///< the jobs that need this one
        StatusCounts needs;                   ///< of the needs that are in the pipeline
    };

    void link_jobs();
    void order_jobs();
    void change(std::size_t job, Status status) { change(job, status, jobs_[job].allow_failure); }
    void change(std::size_t job, Status status, bool allow_failure);
    void reconsider(std::size_t job) { undecided_.insert(links_[job].position); }
    void admit_stages();
    [[nodiscard]] Status previous(std::size_t job) const;
    void decide(std::size_t job, std::vector<Step>& steps);
    bool enqueue_or_wait(std::size_t job);
    void revive_dependents(std::size_t job);

    std::vector<PipelineJob> jobs_;
    std::vector<Links> links_;  // of each job
    std::vector<Stage> stages_;
    ResourceGroups groups_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::vector<std::size_t> order_;   // all jobs, by stage, then by index
    std::set<std::size_t> undecided_;  // positions in order_ of the jobs that advance() looks at
    std::size_t frontier_ = 0;         // no stage before this one has open jobs
    std::size_t admitted_ = 0;         // the jobs of the stages before this one may be decided
    StatusCounts all_;
};

}  // namespace runner::pipeline::state
