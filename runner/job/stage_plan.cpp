#include "runner/job/stage_plan.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "runner/script/archive_rules.hpp"

namespace runner::job {

using journal::Progress;

namespace {

bool has_lines(const protocol::gitlab::Step& step) { return !step.script.empty(); }

PlannedStage step_stage(const protocol::gitlab::Step& step, std::size_t index) {
    const std::string name = "step_" + base::to_lower(step.name);
    return {StageKind::kStep, name, "Executing \"" + name + "\" stage of the job script", index};
}

constexpr auto kHasFiles = [](const auto& entry) { return script::names_files(entry); };

template <typename Entry>
bool any_for(const std::vector<Entry>& entries, bool success) {
    return std::any_of(entries.begin(), entries.end(), [success](const Entry& entry) {
        return script::names_files(entry) && script::matches_outcome(entry.when, success);
    });
}

void add_cache_stage(std::vector<PlannedStage>& plan, const protocol::gitlab::JobPayload& payload,
                     bool success) {
    if (!any_for(payload.cache, success)) return;
    plan.push_back(
        {StageKind::kArchiveCache, success ? "archive_cache" : "archive_cache_on_failure",
         success ? "Saving cache for successful job" : "Saving cache for failed job", 0, success});
}

void add_upload_stage(std::vector<PlannedStage>& plan, const protocol::gitlab::JobPayload& payload,
                      bool success) {
    if (!any_for(payload.artifacts, success)) return;
    plan.push_back(
        {StageKind::kUploadArtifacts,
         success ? "upload_artifacts_on_success" : "upload_artifacts_on_failure",
         success ? "Uploading artifacts for successful job" : "Uploading artifacts for failed job",
         0, success});
}

}  // namespace

std::vector<PlannedStage> plan_stages(const protocol::gitlab::JobPayload& payload) {
    std::vector<PlannedStage> plan;
    plan.push_back({StageKind::kPrepareScript, "prepare_script", "Preparing environment", 0});
    plan.push_back(
        {StageKind::kGetSources, "get_sources", "Getting source from Git repository", 0});
    if (std::any_of(payload.cache.begin(), payload.cache.end(), kHasFiles)) {
        plan.push_back({StageKind::kRestoreCache, "restore_cache", "Restoring cache"});
    }
    const auto& earlier = payload.dependencies;
    if (std::any_of(earlier.begin(), earlier.end(),
                    [](const auto& d) { return !d.artifact_filename.empty(); })) {
        plan.push_back(
            {StageKind::kDownloadArtifacts, "download_artifacts", "Downloading artifacts"});
    }
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
    for (const bool success : {true, false}) add_cache_stage(plan, payload, success);
    for (const bool success : {true, false}) add_upload_stage(plan, payload, success);
    plan.push_back({StageKind::kCleanup, "cleanup_file_variables",
                    "Cleaning up project directory and file based variables", 0});
    return plan;
}

bool should_run(const PlannedStage& stage, const Progress& progress) {
    using base::StopReason;
    if (progress.job_timed_out || progress.prepare_script_failed) return false;
    if (progress.stop == StopReason::kAbort || progress.stop == StopReason::kShutdown) return false;
    const bool cancelled = base::is_cancel(progress.stop);
    switch (stage.kind) {
        case StageKind::kPrepareScript:
        case StageKind::kGetSources: return !cancelled;
        case StageKind::kRestoreCache:
        case StageKind::kDownloadArtifacts: return !cancelled && !progress.sources_failed;
        case StageKind::kStep:
            return !cancelled && !progress.sources_failed && !progress.step_failed;
        case StageKind::kArchiveCache:
        case StageKind::kUploadArtifacts: {
            if (cancelled && !progress.steps_reached) return false;
            return stage.on_success ==
                   !(cancelled || progress.sources_failed || progress.step_failed);
        }
        case StageKind::kAfterScript: return !progress.sources_failed && progress.steps_reached;
        case StageKind::kCleanup: return !cancelled || progress.steps_reached;
    }
    return false;
}

bool can_stop(const journal::Checkpoint& checkpoint, const std::vector<PlannedStage>& plan,
              base::StopReason reason) {
    using journal::Phase;
    if (checkpoint.phase >= Phase::kReporting) return false;
    if (!base::is_cancel(reason)) return true;
    if (checkpoint.progress.stop != base::StopReason::kNone) return false;
    const bool behind_the_script = checkpoint.phase == Phase::kRunning &&
                                   checkpoint.plan_index < plan.size() &&
                                   plan[checkpoint.plan_index].kind >= StageKind::kAfterScript;
    return !behind_the_script;
}

}  // namespace runner::job
