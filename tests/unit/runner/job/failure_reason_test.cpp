#include "runner/job/failure_reason.hpp"

#include <gtest/gtest.h>

namespace {

using runner::job::wire_reason;
using runner::journal::FailureReason;

TEST(FailureReason, FallsBackToWhatTheServerKnows) {
    const std::vector<std::string> old{"script_failure", "runner_system_failure"};
    EXPECT_EQ(wire_reason(FailureReason::kScriptFailure, {}), "script_failure");
    EXPECT_EQ(wire_reason(FailureReason::kTimeout, {}), "job_execution_timeout");
    EXPECT_EQ(wire_reason(FailureReason::kConfigurationError, old), "script_failure");
    EXPECT_EQ(wire_reason(FailureReason::kConfigurationError, {"runner_configuration_error"}),
              "runner_configuration_error");
    EXPECT_EQ(wire_reason(FailureReason::kExternalDependency, old), "runner_system_failure");
    EXPECT_EQ(wire_reason(FailureReason::kImagePullFailure, old), "runner_system_failure");
    EXPECT_EQ(wire_reason(FailureReason::kInterrupted, old), "unknown_failure");
    EXPECT_EQ(wire_reason(FailureReason::kCanceled, old), "unknown_failure");
}

TEST(FailureReason, ANameIsParsedToItsValue) {
    for (const auto reason : {FailureReason::kScriptFailure, FailureReason::kInterrupted,
                              FailureReason::kCanceled, FailureReason::kImagePullFailure}) {
        EXPECT_EQ(runner::journal::parse_failure_reason(to_string(reason)), reason);
    }
    EXPECT_EQ(runner::journal::parse_failure_reason("new_word"), FailureReason::kSystemFailure);
}

TEST(FailureReason, AFailedPullHasItsOwnReasonWhateverTheKindOfTheError) {
    using base::ErrorKind;
    using base::PullFailure;
    const std::vector<std::pair<PullFailure, FailureReason>> cases{
        {PullFailure::kExternal, FailureReason::kExternalDependency},
        {PullFailure::kConfiguration, FailureReason::kConfigurationError},
        {PullFailure::kOther, FailureReason::kImagePullFailure}};
    for (const auto kind : {ErrorKind::kUnavailable, ErrorKind::kConfiguration, ErrorKind::kIo}) {
        for (const auto& [detail, reason] : cases) {
            auto error = base::make_error(kind, "failed to pull image \"x\"");
            error.pull_failure = detail;
            EXPECT_EQ(runner::job::failure_from_error(error).reason, reason);
            EXPECT_EQ(runner::job::failure_from_error(error.with_context("service")).reason,
                      reason);
        }
    }
}

TEST(FailureReason, AnErrorBecomesTheFailureOfTheJob) {
    using base::ErrorKind;
    const auto config = runner::job::failure_from_error(
        base::make_error(ErrorKind::kConfiguration, "disallowed image"));
    EXPECT_EQ(config.reason, FailureReason::kConfigurationError);
    EXPECT_EQ(runner::job::last_line(config), "Job failed: disallowed image");
    const auto system =
        runner::job::failure_from_error(base::make_error(ErrorKind::kUnavailable, "engine gone"));
    EXPECT_EQ(runner::job::last_line(system), "Job failed (system failure): engine gone");
    // The text decides nothing: no words of a message make an error a failed pull.
    const auto words = runner::job::failure_from_error(base::make_error(
        ErrorKind::kUnavailable, "failed to pull image \"x\": connection refused"));
    EXPECT_EQ(words.reason, FailureReason::kSystemFailure);
}

}  // namespace
