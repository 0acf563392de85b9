#pragma once

#include <chrono>
#include <cstdint>

#include "protocol/gitlab/responses.hpp"
#include "runner/trace/upload_schedule.hpp"

/// Answers of a server to the calls of an upload.
namespace tests {

/// When the upload begins.
inline constexpr runner::trace::UploadSchedule::TimePoint kUploadStart{std::chrono::hours(1)};

inline protocol::gitlab::PatchResult patch_result(protocol::gitlab::PatchOutcome outcome,
                                                  std::uint64_t offset = 0) {
    protocol::gitlab::PatchResult result;
    result.outcome = outcome;
    result.offset = offset;
    return result;
}

inline protocol::gitlab::UpdateResult update_result(protocol::gitlab::UpdateOutcome outcome) {
    protocol::gitlab::UpdateResult result;
    result.outcome = outcome;
    return result;
}

}  // namespace tests
