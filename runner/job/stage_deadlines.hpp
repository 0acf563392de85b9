#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/stop_source.hpp"
#include "runner/config/config.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/journal/journal.hpp"
#include "runner/script/variables.hpp"

namespace runner::job {

/// How long the job, its preparation and each of its stages may take (job-runtime.md §1.5). It only
/// computes the limits; the code that waits enforces them.
///
/// Life: that of the job. `runner` and `clock` outlive it. The limits that must survive a restart
/// are in the checkpoint. The limit of the preparation starts again after a restart, because the
/// preparation does.
class StageDeadlines {
  public:
    StageDeadlines(const config::RunnerConfig& runner, std::chrono::seconds job_limit,
                   const base::Clock& clock);

    /// Starts the job's time limit. A second call changes nothing.
    void start(journal::Checkpoint& checkpoint) const;
    /// What came before does not count.
    void restart(journal::Checkpoint& checkpoint) const;
    [[nodiscard]] base::Deadline job(const journal::Checkpoint& checkpoint) const;
    /// Whether the job's time limit is over, or is over within half a second.
    [[nodiscard]] bool job_is_over(const journal::Checkpoint& checkpoint) const;
    /// The end of the preparation, which consists of all tries of the executor and of the prepare
    /// script. The limit starts at the first call.
    [[nodiscard]] base::Deadline preparation(const journal::Checkpoint& checkpoint);

    struct Limit {
        base::Deadline deadline;
        std::string warning;  ///< for the job's log, about a value of the job's; "" for none
    };
    /// The limit of one stage. The first call for a step stores the common limit of all steps in
    /// the checkpoint.
    [[nodiscard]] Limit stage(StageKind kind, journal::Checkpoint& checkpoint,
                              const script::Variables& variables);

  private:
    struct Wish {
        std::optional<std::chrono::nanoseconds> limit;
        std::string warning;
    };
    [[nodiscard]] Wish wish(std::string_view variable, const script::Variables& variables,
                            const base::Deadline& job) const;
    [[nodiscard]] base::Deadline at_most(std::chrono::nanoseconds limit,
                                         const base::Deadline& job) const;
    [[nodiscard]] base::Deadline steps(const journal::Checkpoint& checkpoint,
                                       const base::Deadline& job) const;

    const config::RunnerConfig& runner_;
    std::chrono::seconds job_limit_;
    const base::Clock& clock_;
    base::Deadline preparation_until_;
};

}  // namespace runner::job
