#include "runner/job/failure_reason.hpp"

#include <gtest/gtest.h>

namespace {

using runner::job::classify_pull_failure;
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

TEST(FailureReason, NamesAndValuesGoBothWays) {
    for (const auto reason : {FailureReason::kScriptFailure, FailureReason::kInterrupted,
                              FailureReason::kCanceled, FailureReason::kImagePullFailure}) {
        EXPECT_EQ(runner::journal::parse_failure_reason(to_string(reason)), reason);
    }
    EXPECT_EQ(runner::journal::parse_failure_reason("new_word"), FailureReason::kSystemFailure);
}

TEST(FailureReason, PullFailuresAreClassifiedByTheirText) {
    EXPECT_EQ(classify_pull_failure("Get x: dial tcp: lookup y: No such host"),
              FailureReason::kExternalDependency);
    EXPECT_EQ(classify_pull_failure("manifest unknown"), FailureReason::kConfigurationError);
    EXPECT_EQ(classify_pull_failure("something else"), FailureReason::kImagePullFailure);
}

TEST(FailureReason, ErrorsBecomeTheJobsEnd) {
    using base::ErrorKind;
    const auto config = runner::job::failure_from_error(
        base::make_error(ErrorKind::kConfiguration, "disallowed image"));
    EXPECT_EQ(config.reason, FailureReason::kConfigurationError);
    EXPECT_EQ(runner::job::last_line(config), "Job failed: disallowed image");
    const auto system =
        runner::job::failure_from_error(base::make_error(ErrorKind::kUnavailable, "engine gone"));
    EXPECT_EQ(runner::job::last_line(system), "Job failed (system failure): engine gone");
    const auto pull = runner::job::failure_from_error(base::make_error(
        ErrorKind::kUnavailable, "failed to pull image \"x\": connection refused"));
    EXPECT_EQ(pull.reason, FailureReason::kExternalDependency);
}

}  // namespace
