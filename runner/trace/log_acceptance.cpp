#include "runner/trace/log_acceptance.hpp"

#include <algorithm>

namespace runner::trace {

using protocol::gitlab::PatchOutcome;

void LogAcceptance::answered(PatchOutcome outcome, std::uint64_t bytes) {
    switch (outcome) {
        case PatchOutcome::kOk: refusals_ = 0; return;
        case PatchOutcome::kTooLarge:
            if (bytes > kMinPatchBytes) {
                patch_bytes_ = std::max(kMinPatchBytes, static_cast<std::size_t>(bytes / 2));
                return;
            }
            ++refusals_;
            return;
        case PatchOutcome::kRefused: ++refusals_; return;
        default: return;
    }
}

void LogAcceptance::allow_one_more() { refusals_ = std::min(refusals_, kMaxRefusals - 1); }

}  // namespace runner::trace
