#include "runner/trace/log_acceptance.hpp"

#include <algorithm>

namespace runner::trace {

using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;

void LogAcceptance::answered(const PatchResult& result, std::uint64_t bytes) {
    const bool unanswered = result.outcome == PatchOutcome::kFailed && result.status == 0;
    unanswered_ = unanswered ? unanswered_ + 1 : 0;
    switch (result.outcome) {
        case PatchOutcome::kOk: refusals_ = 0; return;
        case PatchOutcome::kTooLarge:
            if (bytes > kMinPatchBytes) return halve(bytes, kMinPatchBytes);
            ++refusals_;
            return;
        case PatchOutcome::kRefused: ++refusals_; return;
        case PatchOutcome::kFailed:
            if (unanswered_ > 1 && bytes > kMinUnansweredBytes) halve(bytes, kMinUnansweredBytes);
            return;
        default: return;
    }
}

void LogAcceptance::halve(std::uint64_t bytes, std::size_t floor) {
    patch_bytes_ = std::max(floor, static_cast<std::size_t>(bytes / 2));
}

void LogAcceptance::allow_one_more() { refusals_ = std::min(refusals_, kMaxRefusals - 1); }

}  // namespace runner::trace
