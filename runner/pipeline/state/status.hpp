#pragma once

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

/// The one status of a set of jobs, by GitLab's table; an empty set is a success.
Status composite(const std::vector<Member>& members, Purpose purpose);

}  // namespace runner::pipeline::state
