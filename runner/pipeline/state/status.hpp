#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace runner::pipeline::state {

/// The statuses of jobs, stages and pipelines.
enum class Status : std::uint8_t {
    kCreated,
    kWaitingForResource,
    kPreparing,
    kWaitingForCallback,
    kPending,
    kRunning,
    kSuccess,
    kFailed,
    kCanceling,
    kCanceled,
    kSkipped,
    kManual,
    kScheduled,
};

std::string_view to_string(Status status);
std::optional<Status> parse_status(std::string_view text);

/// Whether the status is final. A retry can still change it, and so can playing a job that a
/// skipped job depends on.
bool is_complete(Status status);

/// A job as part of a set of jobs: of a stage, of a pipeline, or of the needs of a job.
struct Member {
    Status status;
    bool allow_failure = false;
};

/// What the status of a set of jobs is used for.
enum class Purpose {
    kStage,  ///< the set is a stage, a pipeline, or all stages before a job
    kNeeds,  ///< the set is the needs of a job, which is skipped when any of them was skipped
};

/// The statuses that occur in a set of jobs, one bit each; allowed failures have bits of their own.
using StatusSet = std::uint32_t;

constexpr StatusSet set_of(Status status) { return StatusSet{1} << static_cast<unsigned>(status); }

/// The status of a set of jobs, by the table of GitLab's Status::Composite (ci-yaml.md §5.2). An
/// empty set is a success.
Status composite(StatusSet statuses, Purpose purpose);
Status composite(const std::vector<Member>& members, Purpose purpose);

/// Counts the members of a set by status. When the status of one member changes, the set's status
/// follows without iterating over the others.
class StatusCounts {
  public:
    void add(const Member& member);
    void remove(const Member& member);
    [[nodiscard]] StatusSet statuses() const { return statuses_; }

  private:
    std::array<std::uint32_t, 15> counts_{};
    StatusSet statuses_ = 0;
};

}  // namespace runner::pipeline::state
