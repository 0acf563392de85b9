#include "runner/pipeline/state/status.hpp"

namespace runner::pipeline::state {
namespace {

constexpr std::array<std::string_view, 13> kNames{"created",   "waiting_for_resource",
                                                  "preparing", "waiting_for_callback",
                                                  "pending",   "running",
                                                  "success",   "failed",
                                                  "canceling", "canceled",
                                                  "skipped",   "manual",
                                                  "scheduled"};

// Members with `allow_failure` whose status does not count as such. The bits follow those of
// Status.
constexpr std::size_t kWarningKind = 13;  // failed or canceled
constexpr std::size_t kIgnoredKind = 14;  // manual: it need not run

std::size_t kind_of(const Member& member) {
    if (member.allow_failure) {
        if (member.status == Status::kFailed || member.status == Status::kCanceled)
            return kWarningKind;
        if (member.status == Status::kManual) return kIgnoredKind;
    }
    return static_cast<std::size_t>(member.status);
}

constexpr StatusSet bit(std::size_t kind) { return StatusSet{1} << kind; }

constexpr StatusSet kWarning = bit(kWarningKind);
constexpr StatusSet kIgnored = bit(kIgnoredKind);
constexpr StatusSet kSkipped = set_of(Status::kSkipped);
constexpr StatusSet kSuccess = set_of(Status::kSuccess);
constexpr StatusSet kCreated = set_of(Status::kCreated);

}  // namespace

std::string_view to_string(Status status) { return kNames[static_cast<std::size_t>(status)]; }

std::optional<Status> parse_status(std::string_view text) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) return static_cast<Status>(i);
    }
    return std::nullopt;
}

bool is_complete(Status status) {
    return status == Status::kSuccess || status == Status::kFailed || status == Status::kCanceled ||
           status == Status::kSkipped;
}

void StatusCounts::add(const Member& member) {
    const std::size_t kind = kind_of(member);
    ++counts_[kind];
    statuses_ |= bit(kind);
}

void StatusCounts::remove(const Member& member) {
    const std::size_t kind = kind_of(member);
    if (--counts_[kind] == 0) statuses_ &= ~bit(kind);
}

Status composite(const std::vector<Member>& members, Purpose purpose) {
    StatusSet statuses = 0;
    for (const Member& member : members) statuses |= bit(kind_of(member));
    return composite(statuses, purpose);
}

Status composite(StatusSet statuses, Purpose purpose) {
    if (statuses == 0) return Status::kSuccess;
    const auto only = [statuses](StatusSet allowed) { return (statuses & ~allowed) == 0; };
    const auto any = [statuses](StatusSet wanted) { return (statuses & wanted) != 0; };
    if (purpose == Purpose::kNeeds && any(kSkipped | kIgnored)) return Status::kSkipped;
    if (only(kSkipped | kIgnored)) return Status::kSkipped;
    if (only(kSuccess | kSkipped | kWarning | kIgnored)) return Status::kSuccess;
    if (only(kCreated | kWarning | kIgnored)) return Status::kCreated;
    if (only(set_of(Status::kPreparing) | kWarning | kIgnored)) return Status::kPreparing;
    if (only(set_of(Status::kCanceled) | kSuccess | kSkipped | kWarning | kIgnored)) {
        return Status::kCanceled;
    }
    if (only(set_of(Status::kPending) | kCreated | kSkipped | kWarning | kIgnored)) {
        return Status::kPending;
    }
    if (any(set_of(Status::kRunning) | set_of(Status::kPending))) return Status::kRunning;
    for (const Status status : {Status::kWaitingForResource, Status::kWaitingForCallback,
                                Status::kManual, Status::kScheduled, Status::kPreparing}) {
        if (any(set_of(status))) return status;
    }
    if (any(kCreated)) return Status::kRunning;
    if (any(set_of(Status::kCanceling))) return Status::kCanceling;
    return Status::kFailed;
}

}  // namespace runner::pipeline::state
