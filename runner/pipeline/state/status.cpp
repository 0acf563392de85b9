#include "runner/pipeline/state/status.hpp"

#include <array>
#include <cstddef>

namespace runner::pipeline::state {
namespace {

constexpr std::array<std::string_view, 13> kNames{
    "created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending",
    "running", "success",              "failed",    "canceling",            "canceled",
    "skipped", "manual",               "scheduled"};

/// What the table is about: statuses as bits, and two that stand for "does not count".
using Set = std::uint32_t;
constexpr Set bit(Status status) { return Set{1} << static_cast<unsigned>(status); }
constexpr Set kWarning = Set{1} << 20;  // failed or canceled, and allowed to
constexpr Set kIgnored = Set{1} << 21;  // manual, and allowed not to run

Set mapped(const Member& member) {
    if (member.allow_failure &&
        (member.status == Status::kFailed || member.status == Status::kCanceled)) {
        return kWarning;
    }
    if (member.allow_failure && member.status == Status::kManual) return kIgnored;
    return bit(member.status);
}

constexpr Set kSkipped = bit(Status::kSkipped);
constexpr Set kSuccess = bit(Status::kSuccess);
constexpr Set kCreated = bit(Status::kCreated);

}  // namespace

std::string_view to_string(Status status) { return kNames[static_cast<std::size_t>(status)]; }

std::optional<Status> parse_status(std::string_view text) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) return static_cast<Status>(i);
    }
    return std::nullopt;
}

bool is_complete(Status status) {
    return status == Status::kSuccess || status == Status::kFailed ||
           status == Status::kCanceled || status == Status::kSkipped;
}

Status composite(const std::vector<Member>& members, Purpose purpose) {
    if (members.empty()) return Status::kSuccess;
    Set set = 0;
    for (const Member& member : members) set |= mapped(member);
    const auto only = [set](Set allowed) { return (set & ~allowed) == 0; };
    const auto any = [set](Set wanted) { return (set & wanted) != 0; };
    if (purpose == Purpose::kNeeds && any(kSkipped | kIgnored)) return Status::kSkipped;
    if (only(kSkipped | kIgnored)) return Status::kSkipped;
    if (only(kSuccess | kSkipped | kWarning | kIgnored)) return Status::kSuccess;
    if (only(kCreated | kWarning | kIgnored)) return Status::kCreated;
    if (only(bit(Status::kPreparing) | kWarning | kIgnored)) return Status::kPreparing;
    if (only(bit(Status::kCanceled) | kSuccess | kSkipped | kWarning | kIgnored)) {
        return Status::kCanceled;
    }
    if (only(bit(Status::kPending) | kCreated | kSkipped | kWarning | kIgnored)) {
        return Status::kPending;
    }
    if (any(bit(Status::kRunning) | bit(Status::kPending))) return Status::kRunning;
    for (const Status status : {Status::kWaitingForResource, Status::kWaitingForCallback,
                                Status::kManual, Status::kScheduled, Status::kPreparing}) {
        if (any(bit(status))) return status;
    }
    if (any(kCreated)) return Status::kRunning;
    if (any(bit(Status::kCanceling))) return Status::kCanceling;
    return Status::kFailed;
}

}  // namespace runner::pipeline::state
