#include "runner/job/stage_numbers.hpp"

#include <algorithm>

namespace runner::job {

namespace {

constexpr std::size_t kNumbersPerStage = 2 * kMaxParts;
constexpr std::size_t kMostAttempts = 16;

}  // namespace

std::uint16_t stage_number(std::size_t plan_index, std::size_t part, bool recovery_script) {
    const std::size_t offset = std::min(part, kMaxParts - 1) + (recovery_script ? kMaxParts : 0);
    return static_cast<std::uint16_t>((plan_index + 1) * kNumbersPerStage + offset);
}

std::uint16_t script_number(const journal::Checkpoint& checkpoint, ScriptPart part) {
    auto number = static_cast<std::size_t>(std::max(checkpoint.attempt, 0));
    if (part == ScriptPart::kBefore) number += kMostAttempts;
    if (part == ScriptPart::kClean) number += 2 * kMostAttempts;
    return stage_number(checkpoint.plan_index, number, part == ScriptPart::kRecovery);
}

}  // namespace runner::job
