#include "runner/job/stage_plan.hpp"

#include <algorithm>

#include "base/strings.hpp"

namespace runner::job {

namespace {

constexpr std::size_t kNumbersPerStage = 32;
constexpr int kMaxAttempts = 10;

bool has_lines(const protocol::gitlab::Step& step) { return !step.script.empty(); }

PlannedStage step_stage(const protocol::gitlab::Step& step, std::size_t index) {
    const std::string name = "step_" + base::to_lower(step.name);
    return {StageKind::kStep, name, "Executing \"" + name + "\" stage of the job script", index};
}

}  // namespace

std::vector<PlannedStage> plan_stages(const protocol::gitlab::JobPayload& payload) {
    std::vector<PlannedStage> plan;
    plan.push_back({StageKind::kPrepareScript, "prepare_script", "Preparing environment", 0});
    plan.push_back(
        {StageKind::kGetSources, "get_sources", "Getting source from Git repository", 0});
    std::vector<PlannedStage> after;
    for (std::size_t i = 0; i < payload.steps.size(); ++i) {
        const auto& step = payload.steps[i];
        if (!has_lines(step)) continue;
        if (step.name == "after_script") {
            after.push_back({StageKind::kAfterScript, "after_script", "Running after_script", i});
        } else {
            plan.push_back(step_stage(step, i));
        }
    }
    plan.insert(plan.end(), after.begin(), after.end());
    plan.push_back({StageKind::kCleanup, "cleanup_file_variables",
                    "Cleaning up project directory and file based variables", 0});
    return plan;
}

bool should_run(const PlannedStage& stage, const Progress& progress) {
    using base::StopReason;
    if (progress.job_timed_out || progress.prepare_script_failed) return false;
    if (progress.stop == StopReason::kAbort || progress.stop == StopReason::kShutdown) return false;
    const bool cancelled = progress.stop == StopReason::kUserCancel;
    switch (stage.kind) {
        case StageKind::kPrepareScript:
        case StageKind::kGetSources: return !cancelled;
        case StageKind::kStep:
            return !cancelled && !progress.sources_failed && !progress.step_failed;
        case StageKind::kAfterScript: return !progress.sources_failed && progress.steps_reached;
        case StageKind::kCleanup: return !cancelled || progress.steps_reached;
    }
    return false;
}

std::uint16_t stage_number(std::size_t plan_index, int attempt, bool recovery_script) {
    const auto offset = static_cast<std::size_t>(std::clamp(attempt, 0, kMaxAttempts - 1));
    return static_cast<std::uint16_t>((plan_index + 1) * kNumbersPerStage + offset +
                                      (recovery_script ? kNumbersPerStage / 2 : 0));
}

}  // namespace runner::job
