#include "runner/job/stage_plan.hpp"

#include <gtest/gtest.h>

#include "runner/job/stage_numbers.hpp"

namespace {

using base::StopReason;
using protocol::gitlab::JobPayload;
using protocol::gitlab::Step;
using runner::job::PlannedStage;
using runner::job::StageKind;
using runner::journal::Progress;

JobPayload payload_with(std::vector<std::pair<std::string, std::vector<std::string>>> steps) {
    JobPayload payload;
    for (auto& [name, script] : steps) {
        Step step;
        step.name = name;
        step.script = script;
        payload.steps.push_back(step);
    }
    return payload;
}

std::string names(const JobPayload& payload, const Progress& progress = {}) {
    std::string text;
    for (const PlannedStage& stage : runner::job::plan_stages(payload)) {
        if (runner::job::should_run(stage, progress)) text += stage.name + " ";
    }
    return text;
}

const JobPayload kJob =
    payload_with({{"script", {"make"}}, {"after_script", {"echo"}}, {"release", {"rel"}}});

TEST(StagePlan, AfterScriptComesBehindEveryStep) {
    EXPECT_EQ(names(kJob),
              "prepare_script get_sources step_script step_release cleanup_file_variables ");
    EXPECT_EQ(names(kJob, {.steps_reached = true}),
              "prepare_script get_sources step_script step_release after_script "
              "cleanup_file_variables ");
}

TEST(StagePlan, AStageWithoutLinesIsLeftOut) {
    EXPECT_EQ(names(payload_with({{"script", {}}, {"after_script", {}}})),
              "prepare_script get_sources cleanup_file_variables ");
}

TEST(StagePlan, HeadingsAreTheOfficialOnes) {
    const auto plan = runner::job::plan_stages(kJob);
    EXPECT_EQ(plan[2].heading, "Executing \"step_script\" stage of the job script");
    EXPECT_EQ(plan[2].kind, StageKind::kStep);
    EXPECT_EQ(plan[4].heading, "Running after_script");
}

JobPayload payload_with_files() {
    JobPayload payload = payload_with({{"script", {"make"}}, {"after_script", {"echo"}}});
    payload.cache = {
        {.key = "k", .paths = {"deps"}, .policy = "", .when = "", .fallback_keys = {}}};
    payload.artifacts.resize(2);
    payload.artifacts[0].paths = {"out"};
    payload.artifacts[1].paths = {"log"};
    payload.artifacts[1].when = "on_failure";
    payload.dependencies.resize(1);
    payload.dependencies[0].artifact_filename = "artifacts.zip";
    return payload;
}

TEST(StagePlan, DownloadsComeBeforeTheScriptAndUploadsAfterAfterScript) {
    EXPECT_EQ(
        names(payload_with_files(), {.steps_reached = true}),
        "prepare_script get_sources restore_cache download_artifacts step_script after_script "
        "archive_cache upload_artifacts_on_success cleanup_file_variables ");
}

TEST(StagePlan, AFailedJobSavesWhatIsMeantForIt) {
    const JobPayload payload = payload_with_files();
    EXPECT_EQ(names(payload, {.steps_reached = true, .step_failed = true}),
              "prepare_script get_sources restore_cache download_artifacts after_script "
              "upload_artifacts_on_failure cleanup_file_variables ");
    EXPECT_EQ(names(payload, {.sources_failed = true}),
              "prepare_script get_sources upload_artifacts_on_failure cleanup_file_variables ");
    EXPECT_EQ(names(payload, {.steps_reached = true, .stop = StopReason::kUserCancel}),
              "after_script upload_artifacts_on_failure cleanup_file_variables ");
    EXPECT_EQ(names(payload, {.stop = StopReason::kUserCancel}), "");
}

TEST(StagePlan, EntriesWithoutFilesMakeNoStage) {
    JobPayload payload = payload_with_files();
    payload.cache[0].paths.clear();
    payload.artifacts[0].paths.clear();
    payload.dependencies[0].artifact_filename.clear();
    EXPECT_EQ(names(payload), "prepare_script get_sources step_script cleanup_file_variables ");
}

struct Case {
    const char* what;
    Progress progress;
    const char* runs;
};

class ShouldRun : public testing::TestWithParam<Case> {};

TEST_P(ShouldRun, DecidesByWhatHappened) {
    EXPECT_EQ(names(kJob, GetParam().progress), GetParam().runs) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ShouldRun,
    testing::Values(
        Case{"a step failed",
             {.steps_reached = true, .step_failed = true},
             "prepare_script get_sources after_script cleanup_file_variables "},
        Case{"sources failed",
             {.sources_failed = true},
             "prepare_script get_sources cleanup_file_variables "},
        Case{"prepare failed", {.prepare_script_failed = true}, ""},
        Case{"job timeout", {.steps_reached = true, .job_timed_out = true}, ""},
        Case{"aborted", {.steps_reached = true, .stop = StopReason::kAbort}, ""},
        Case{"shutdown", {.steps_reached = true, .stop = StopReason::kShutdown}, ""},
        Case{"cancelled before the script", {.stop = StopReason::kUserCancel}, ""},
        Case{"cancelled before the script by an administrator",
             {.stop = StopReason::kAdminCancel},
             ""},
        Case{"cancelled in the script",
             {.steps_reached = true, .step_failed = true, .stop = StopReason::kUserCancel},
             "after_script cleanup_file_variables "}));

TEST(StageNumber, IsUniqueForEveryTry) {
    std::set<std::uint16_t> seen;
    for (std::size_t stage = 0; stage < 8; ++stage) {
        for (std::size_t part = 0; part < runner::job::kMaxParts; ++part) {
            EXPECT_TRUE(seen.insert(runner::job::stage_number(stage, part)).second);
            EXPECT_TRUE(seen.insert(runner::job::stage_number(stage, part, true)).second);
        }
    }
}

TEST(ScriptNumber, IsUniqueForEveryScriptOfEveryTry) {
    using runner::job::ScriptPart;
    std::set<std::uint16_t> seen;
    runner::journal::Checkpoint checkpoint;
    for (checkpoint.plan_index = 0; checkpoint.plan_index < 4; ++checkpoint.plan_index) {
        for (checkpoint.attempt = 0; checkpoint.attempt < 10; ++checkpoint.attempt) {
            for (const auto part : {ScriptPart::kMain, ScriptPart::kBefore, ScriptPart::kClean,
                                    ScriptPart::kRecovery}) {
                EXPECT_TRUE(seen.insert(runner::job::script_number(checkpoint, part)).second);
            }
        }
    }
}

TEST(CanStop, UntilTheOutcomeIsDecided) {
    using runner::job::can_stop;
    using runner::journal::Phase;
    const std::vector<PlannedStage> plan{{StageKind::kGetSources, "get_sources", ""},
                                         {StageKind::kStep, "step_script", ""},
                                         {StageKind::kAfterScript, "after_script", ""},
                                         {StageKind::kCleanup, "cleanup_file_variables", ""}};
    struct Stop {
        Phase phase;
        std::size_t stage;
        StopReason earlier;
        bool cancel;  ///< whether a graceful cancel counts
        bool abort;   ///< whether an abort does; a shutdown is the same
    };
    const std::vector<Stop> stops{
        {Phase::kPreparing, 0, StopReason::kNone, true, true},
        {Phase::kRunning, 0, StopReason::kNone, true, true},
        {Phase::kRunning, 1, StopReason::kNone, true, true},
        {Phase::kRunning, 1, StopReason::kUserCancel, false, true},
        {Phase::kRunning, 2, StopReason::kNone, false, true},
        {Phase::kRunning, 3, StopReason::kNone, false, true},
        {Phase::kRunning, 4, StopReason::kNone, true, true},
        {Phase::kReporting, 4, StopReason::kNone, false, false},
        {Phase::kCleaning, 4, StopReason::kNone, false, false},
    };
    for (const Stop& test : stops) {
        runner::journal::Checkpoint checkpoint;
        checkpoint.phase = test.phase;
        checkpoint.plan_index = test.stage;
        checkpoint.progress.stop = test.earlier;
        EXPECT_EQ(can_stop(checkpoint, plan, StopReason::kUserCancel), test.cancel) << test.stage;
        EXPECT_EQ(can_stop(checkpoint, plan, StopReason::kAbort), test.abort) << test.stage;
        EXPECT_EQ(can_stop(checkpoint, plan, StopReason::kShutdown), test.abort) << test.stage;
    }
}

}  // namespace
