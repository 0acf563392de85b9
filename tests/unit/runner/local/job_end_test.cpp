#include "runner/local/job_end.hpp"

#include <gtest/gtest.h>

namespace runner::local {
namespace {

using journal::FailureReason;
using pipeline::state::Status;

TEST(JobEnd, OfASuccessIsASuccess) {
    const JobEnd end = job_end_of({});
    EXPECT_EQ(end.status, Status::kSuccess);
    EXPECT_FALSE(end.exit_code);
}

TEST(JobEnd, OnlyAScriptFailureHasAnExitCode) {
    const JobEnd script = job_end_of({{{FailureReason::kScriptFailure, 3, "exit status 3"}}});
    EXPECT_EQ(script.status, Status::kFailed);
    EXPECT_EQ(script.reason, "script_failure");
    EXPECT_EQ(script.exit_code, 3);
    EXPECT_EQ(script.note, "exit status 3");
    const JobEnd system = job_end_of({{{FailureReason::kSystemFailure, 1, "no disk\nat all"}}});
    EXPECT_EQ(system.reason, "runner_system_failure");
    EXPECT_FALSE(system.exit_code);
    EXPECT_EQ(system.note, "no disk");
}

TEST(JobEnd, ACancelledJobHasNotFailed) {
    EXPECT_EQ(job_end_of({{{FailureReason::kCanceled, 0, "canceled"}}}).status, Status::kCanceled);
}

}  // namespace
}  // namespace runner::local
