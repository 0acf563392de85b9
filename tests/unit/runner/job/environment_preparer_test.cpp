#include "runner/job/environment_preparer.hpp"

#include <gmock/gmock.h>

#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using std::chrono::seconds;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class EnvironmentPreparerTest : public tests::JobFixture {
  protected:
    base::Result<void> prepare(StopReason stop = StopReason::kNone) {
        auto job = parts();
        if (stop != StopReason::kNone) {
            executor_.on_call = [this, &job, stop](const std::string&) {
                stop_soon(job->context, stop);
            };
        }
        EnvironmentPreparer preparer(job->context, environment_);
        return run(preparer.prepare());
    }
    base::Error error(ErrorKind kind) { return base::make_error(kind, "trouble"); }

    executors::JobEnvironment environment_;
};

TEST_F(EnvironmentPreparerTest, WritesItsSectionOfTheLog) {
    EXPECT_TRUE(prepare());
    EXPECT_THAT(executor_.calls, ElementsAre("prepare"));
    EXPECT_EQ(channel_.log,
              "[prepare_executor\nPreparing the \"docker\" executor\n]prepare_executor\n");
}

TEST_F(EnvironmentPreparerTest, NamesTheImagesInTheDaemonsLogOnRequest) {
    payload_.image.emplace().name = "app:1";
    payload_.image->docker_platform = "linux/arm64";
    payload_.services.emplace_back().name = "db:2";
    testing::internal::CaptureStderr();
    EXPECT_TRUE(prepare());
    EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("configured for job")));
    payload_.variables.push_back({.key = "FF_LOG_IMAGES_CONFIGURED_FOR_JOB", .value = "true"});
    testing::internal::CaptureStderr();
    EXPECT_TRUE(prepare());
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, ContainsRegex(
                         "^Image configured for job.*image_name=app:1 image_platform=linux/arm64"));
    EXPECT_THAT(log, ContainsRegex("Service image configured for job.*image_name=db:2"));
}

TEST_F(EnvironmentPreparerTest, TriesAgainAfterAPauseAndRemovesWhatAFailedTryLeft) {
    executor_.results["prepare"] = {error(ErrorKind::kIo), error(ErrorKind::kUnavailable), {}};
    EXPECT_TRUE(prepare());
    EXPECT_THAT(executor_.calls,
                ElementsAre("prepare", "cleanup", "prepare", "cleanup", "prepare"));
    EXPECT_THAT(pauses_, ElementsAre(seconds(3), seconds(3)));
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Preparation failed: trouble\n"
                                        "Will be retried in 3s ...\n"));
}

TEST_F(EnvironmentPreparerTest, GivesUpAfterThreeTries) {
    executor_.results["prepare"] = {error(ErrorKind::kIo)};
    const auto prepared = prepare();
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().message, "trouble");
    EXPECT_THAT(executor_.calls,
                ElementsAre("prepare", "cleanup", "prepare", "cleanup", "prepare", "cleanup"));
    EXPECT_EQ(pauses_.size(), 2U);
    EXPECT_TRUE(channel_.log.ends_with("]prepare_executor\n"));
}

TEST_F(EnvironmentPreparerTest, DoesNotRetryAFinalFailure) {
    for (const ErrorKind kind : {ErrorKind::kConfiguration, ErrorKind::kInvalidInput}) {
        executor_.calls.clear();
        executor_.results["prepare"] = {error(kind)};
        EXPECT_FALSE(prepare());
        EXPECT_THAT(executor_.calls, ElementsAre("prepare", "cleanup"));
    }
    EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(EnvironmentPreparerTest, LeavesTheCleanupToTheJobWhenTimeIsOver) {
    runner_.prepare_timeout = std::chrono::milliseconds(10);
    executor_.stalled = {"prepare"};
    const auto prepared = prepare();
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().kind, ErrorKind::kTimeout);
    EXPECT_THAT(executor_.calls, ElementsAre("prepare"));
}

TEST_F(EnvironmentPreparerTest, EndsAtOnceWhenTheJobIsStopped) {
    executor_.stalled = {"prepare"};
    for (const StopReason stop :
         {StopReason::kUserCancel, StopReason::kAbort, StopReason::kShutdown}) {
        executor_.calls.clear();
        const auto prepared = prepare(stop);
        ASSERT_FALSE(prepared);
        EXPECT_EQ(prepared.error().kind, ErrorKind::kCancelled);
        EXPECT_THAT(executor_.calls, ElementsAre("prepare"));
    }
}

TEST_F(EnvironmentPreparerTest, SaysThatThePreparationBeginsAnewAfterARestart) {
    checkpoint_.emplace();
    EXPECT_TRUE(prepare());
    EXPECT_THAT(channel_.log, HasSubstr("the preparation begins anew"));
}

TEST_F(EnvironmentPreparerTest, FindsAnEnvironmentAgain) {
    auto job = parts();
    EnvironmentPreparer preparer(job->context, environment_);
    EXPECT_TRUE(run(preparer.restore()));
    executor_.results["restore"] = {error(ErrorKind::kNotFound)};
    EXPECT_EQ(run(preparer.restore()).error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(channel_.log, "");
}

}  // namespace
}  // namespace runner::job
