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

/// How long the job, its preparation and each of its stages may take (job-runtime.md §1.5). Only
/// decides: whoever waits enforces it.
///
/// Life: that of the job. `runner` and `clock` outlive it. What must survive a restart is in the
/// checkpoint; the limit of the preparation counts anew then, because the preparation is made anew.
class StageDeadlines {
  public:
    StageDeadlines(const config::RunnerConfig& runner, std::chrono::seconds job_limit,
                   const base::Clock& clock);

    /// The job's limit counts from here; a second call changes nothing.
    void start(journal::Checkpoint& checkpoint) const;
    [[nodiscard]] base::Deadline job(const journal::Checkpoint& checkpoint) const;
    /// Whether the job's limit has passed, or as good as passed.
    [[nodiscard]] bool job_is_over(const journal::Checkpoint& checkpoint) const;
    /// Of the preparation as a whole: the executor's with all its tries, and the script's. Counts
    /// from the first call.
    [[nodiscard]] base::Deadline preparation(const journal::Checkpoint& checkpoint);

    struct Limit {
        base::Deadline deadline;
        std::string warning;  ///< for the job's log, about a value of the job's; "" for none
    };
    /// Fixes the limit of all steps together in the checkpoint when the first step asks.
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
