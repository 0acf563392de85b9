#include "runner/job/stage_deadlines.hpp"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.hpp"

namespace runner::job {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class StageDeadlinesTest : public testing::Test {
  protected:
    /// The time from now to a deadline.
    [[nodiscard]] seconds left(base::Deadline deadline) const {
        return std::chrono::duration_cast<seconds>(*deadline - clock_.now());
    }
    StageDeadlines make() {
        StageDeadlines deadlines(runner_, hours(1), clock_);
        deadlines.start(checkpoint_);
        return deadlines;
    }
    script::Variables variables(const std::string& key = {}, const std::string& value = {}) {
        protocol::gitlab::JobPayload payload;
        if (!key.empty()) {
            protocol::gitlab::Variable variable;
            variable.key = key;
            variable.value = value;
            payload.variables.push_back(variable);
        }
        return script::Variables(payload, runner_, {});
    }

    tests::ManualClock clock_;
    config::RunnerConfig runner_;
    journal::Checkpoint checkpoint_;
};

TEST_F(StageDeadlinesTest, TheJobsLimitCountsFromTheStartAlsoAfterARestart) {
    auto deadlines = make();
    clock_.advance(minutes(20));
    EXPECT_EQ(left(deadlines.job(checkpoint_)), minutes(40));
    auto next_daemon = make();  // with the checkpoint of the first
    EXPECT_EQ(left(next_daemon.job(checkpoint_)), minutes(40));
}

// 290 years are the longest time that nanoseconds can count; added to the present they overflow.
TEST_F(StageDeadlinesTest, LimitsThatHaveNoPlaceOnTheClockAreThoseOfTheJob) {
    runner_.prepare_timeout = hours(24 * 365 * 290);
    runner_.get_sources_timeout = hours(24 * 365 * 290);
    auto deadlines = make();
    clock_.advance(minutes(1));
    EXPECT_EQ(left(deadlines.preparation(checkpoint_)), minutes(59));
    EXPECT_EQ(left(deadlines.stage(StageKind::kGetSources, checkpoint_, variables()).deadline),
              minutes(59));
    const auto given = variables("RUNNER_SCRIPT_TIMEOUT", "2540400h");
    EXPECT_EQ(left(deadlines.stage(StageKind::kStep, checkpoint_, given).deadline), minutes(59));
}

TEST_F(StageDeadlinesTest, TheLongestTimeoutOfAJobHasAPlaceOnTheClock) {
    StageDeadlines deadlines(runner_, seconds(protocol::gitlab::kMaxTimeoutSeconds), clock_);
    deadlines.start(checkpoint_);
    EXPECT_EQ(left(deadlines.job(checkpoint_)), seconds(protocol::gitlab::kMaxTimeoutSeconds));
    EXPECT_FALSE(deadlines.job_is_over(checkpoint_));
}

TEST_F(StageDeadlinesTest, TheJobIsOverWhenItsLimitHasAsGoodAsPassed) {
    auto deadlines = make();
    clock_.advance(hours(1) - std::chrono::milliseconds(501));
    EXPECT_FALSE(deadlines.job_is_over(checkpoint_));
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(deadlines.job_is_over(checkpoint_));
}

TEST_F(StageDeadlinesTest, ThePreparationHasTheJobsLimitUnlessTheRunnerHasAShorterOne) {
    auto deadlines = make();
    EXPECT_EQ(left(deadlines.preparation(checkpoint_)), hours(1));
    runner_.prepare_timeout = minutes(10);
    clock_.advance(minutes(5));
    EXPECT_EQ(left(deadlines.preparation(checkpoint_)), minutes(10));
    clock_.advance(minutes(4));
    EXPECT_EQ(left(deadlines.preparation(checkpoint_)), minutes(6)) << "from the first call on";
    const auto script = deadlines.stage(StageKind::kPrepareScript, checkpoint_, variables());
    EXPECT_EQ(left(script.deadline), minutes(6));
}

TEST_F(StageDeadlinesTest, GetSourcesHasTheRunnersLimit) {
    auto deadlines = make();
    const auto of_sources = [&] {
        return left(deadlines.stage(StageKind::kGetSources, checkpoint_, variables()).deadline);
    };
    EXPECT_EQ(of_sources(), hours(1));
    runner_.get_sources_timeout = minutes(2);
    EXPECT_EQ(of_sources(), minutes(2));
    clock_.advance(minutes(59));
    EXPECT_EQ(of_sources(), minutes(1)) << "never beyond the job's";
}

TEST_F(StageDeadlinesTest, AfterScriptHasFiveMinutesOrWhatTheJobSays) {
    auto deadlines = make();
    const auto kind = StageKind::kAfterScript;
    EXPECT_EQ(left(deadlines.stage(kind, checkpoint_, variables()).deadline), minutes(5));
    const auto own =
        deadlines.stage(kind, checkpoint_, variables("RUNNER_AFTER_SCRIPT_TIMEOUT", "7m"));
    EXPECT_EQ(left(own.deadline), minutes(7));
    EXPECT_EQ(own.warning, "");
    clock_.advance(minutes(58));
    EXPECT_EQ(left(deadlines.stage(kind, checkpoint_, variables()).deadline), minutes(2));
}

TEST_F(StageDeadlinesTest, AllStepsTogetherHaveOneLimitThatARestartKeeps) {
    auto deadlines = make();
    const auto job = variables("RUNNER_SCRIPT_TIMEOUT", "10m");
    EXPECT_EQ(left(deadlines.stage(StageKind::kStep, checkpoint_, job).deadline), minutes(10));
    clock_.advance(minutes(4));
    EXPECT_EQ(left(deadlines.stage(StageKind::kStep, checkpoint_, job).deadline), minutes(6));
    auto next_daemon = make();
    EXPECT_EQ(left(next_daemon.stage(StageKind::kStep, checkpoint_, job).deadline), minutes(6));
}

TEST_F(StageDeadlinesTest, StepsWithoutALimitOfTheirOwnHaveTheJobs) {
    auto deadlines = make();
    EXPECT_EQ(left(deadlines.stage(StageKind::kStep, checkpoint_, variables()).deadline), hours(1));
    EXPECT_EQ(checkpoint_.script_deadline_unix_micros, -1);
}

TEST_F(StageDeadlinesTest, ALimitThatCannotBeUsedIsNamed) {
    struct Case {
        std::string value;
        std::string warning;
    };
    const std::vector<Case> cases{
        {"soon", "Ignoring malformed RUNNER_SCRIPT_TIMEOUT timeout: soon"},
        {"-5m", "Ignoring relative RUNNER_SCRIPT_TIMEOUT timeout: -5m"},
        {"2h",
         "RUNNER_SCRIPT_TIMEOUT timeout: 2h is longer than job timeout. Setting to job timeout"},
        {"0s", ""},
    };
    for (const Case& test : cases) {
        checkpoint_ = {};
        auto deadlines = make();
        const auto job = variables("RUNNER_SCRIPT_TIMEOUT", test.value);
        const auto limit = deadlines.stage(StageKind::kStep, checkpoint_, job);
        EXPECT_EQ(limit.warning, test.warning);
        EXPECT_EQ(left(limit.deadline), hours(1)) << test.value;
        EXPECT_EQ(deadlines.stage(StageKind::kStep, checkpoint_, job).warning, "") << "said once";
    }
}

TEST_F(StageDeadlinesTest, OtherStagesHaveTheJobsLimit) {
    auto deadlines = make();
    for (const StageKind kind : {StageKind::kRestoreCache, StageKind::kArchiveCache,
                                 StageKind::kDownloadArtifacts, StageKind::kCleanup}) {
        EXPECT_EQ(left(deadlines.stage(kind, checkpoint_, variables()).deadline), hours(1));
    }
}

}  // namespace
}  // namespace runner::job
