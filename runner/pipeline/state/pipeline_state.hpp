#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/state/status.hpp"

namespace runner::pipeline::state {

/// A job in a running pipeline, as far as its order depends on it.
struct PipelineJob {
    std::string name;
    std::size_t stage = 0;  ///< position of its stage
    plan::When when = plan::When::kOnSuccess;
    bool allow_failure = false;
    bool has_needs = false;
    std::vector<std::string> needs;  ///< those absent from the pipeline are ignored
    std::string resource_group;      ///< one running job per group; "": none
    Status status = Status::kCreated;
    int retries = 0;
    std::vector<std::int64_t> allowed_exit_codes;
};

/// What to do with a job that became ready.
enum class Action {
    kEnqueue,       ///< it is pending: run it
    kAskForManual,  ///< it waits for somebody to play it
    kStartTimer,    ///< it is delayed: enqueue() it when its time has come
    kSkip,
};

struct Step {
    std::size_t job;
    Action action;
};

/// The state machine of a pipeline: pure, no clock and no processes. Whoever runs the jobs reports
/// what happened and is told by advance() what becomes ready.
///
/// Life: construct with all jobs `created`, call advance(), then report with started(), finished(),
/// play(), … and call advance() after each, until done(). A report costs what depends on the job,
/// not what the pipeline holds.
class PipelineState {
  public:
    explicit PipelineState(std::vector<PipelineJob> jobs);

    /// Moves every job that can be decided; answers in the order of decisions.
    std::vector<Step> advance();

    void started(std::size_t job);
    /// The end of a run: kSuccess, kFailed or kCanceled. A failure with an exit code that
    /// allow_failure names turns into an allowed one.
    void finished(std::size_t job, Status status, std::optional<int> exit_code = std::nullopt);
    /// Starts a manual job, or a delayed one before its time; what was skipped because of it is
    /// decided anew.
    void play(std::size_t job);
    /// The delay of a scheduled job is over.
    void enqueue(std::size_t job);
    /// Runs a finished job again: a new attempt in the place of the old one.
    void retry(std::size_t job);
    void cancel_all();

    [[nodiscard]] const std::vector<PipelineJob>& jobs() const { return jobs_; }
    [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
    [[nodiscard]] Status status() const;  ///< of the pipeline
    [[nodiscard]] Status stage_status(std::size_t stage) const;
    /// Nothing runs, waits or can become ready without somebody playing a job.
    [[nodiscard]] bool done() const;

  private:
    struct Stage {
        Tally tally;
        std::size_t open = 0;           ///< members that later stages have to wait for
        std::vector<std::size_t> jobs;  ///< those that go by stages
    };
    struct Links {
        std::size_t position = 0;             ///< in order_
        std::vector<std::size_t> dependents;  ///< jobs that need this one
        Tally tally;  ///< of its own needs, as far as they are in the pipeline
    };
    struct Group {
        std::size_t occupied = 0;
        std::set<std::size_t> waiting;  ///< positions in order_
    };

    void link_jobs();
    void order_jobs();
    void change(std::size_t job, Status status) { change(job, status, jobs_[job].allow_failure); }
    void change(std::size_t job, Status status, bool allow_failure);
    void change_group(std::size_t job, Status before, Status after);
    void reconsider(std::size_t job) { undecided_.insert(links_[job].position); }
    void admit_stages();
    [[nodiscard]] Status previous(std::size_t job) const;
    void decide(std::size_t job, std::vector<Step>& steps);
    bool enqueue_or_wait(std::size_t job);
    void revive_dependents(std::size_t job);

    std::vector<PipelineJob> jobs_;
    std::vector<Links> links_;  // of each job
    std::vector<Stage> stages_;
    std::unordered_map<std::string, Group> groups_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::vector<std::size_t> order_;   // by stage, then as given
    std::set<std::size_t> undecided_;  // positions of jobs whose turn may have come
    std::size_t frontier_ = 0;         // no stage before this one is open
    std::size_t admitted_ = 0;         // jobs of the stages before this one have been considered
    Tally all_;
};

}  // namespace runner::pipeline::state
