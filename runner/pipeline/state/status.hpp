#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace runner::pipeline::state {

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

/// Nothing happens to it any more by itself, except by a retry or by being played.
bool is_complete(Status status);

struct Member {
    Status status;
    bool allow_failure = false;
};

enum class Purpose {
    kStage,  ///< a stage, a pipeline, or the stages before a job
    kNeeds,  ///< the needs of a job: one that was skipped is enough to skip it
};

/// Which statuses occur in a set of jobs, allowed failures told apart: all that the table asks.
using StatusSet = std::uint32_t;

constexpr StatusSet set_of(Status status) { return StatusSet{1} << static_cast<unsigned>(status); }

/// The one status of a set of jobs, by GitLab's table; an empty set is a success.
Status composite(StatusSet statuses, Purpose purpose);
Status composite(const std::vector<Member>& members, Purpose purpose);

/// Counts members by status, so that one of many can change without a look at the others.
class Tally {
  public:
    void add(const Member& member);
    void remove(const Member& member);
    [[nodiscard]] StatusSet statuses() const { return statuses_; }

  private:
    std::array<std::uint32_t, 15> counts_{};
    StatusSet statuses_ = 0;
};

}  // namespace runner::pipeline::state
