#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/state/pipeline_state.hpp"
#include "runner/pipeline/state/retry.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline::state {
namespace {

using plan::When;

/// The members of "success failed? manual?", where a question mark stands for allow_failure.
std::vector<Member> members_of(const std::string& text) {
    std::vector<Member> members;
    if (text.empty()) return members;
    for (std::string word : base::split(text, ' ')) {
        const bool allowed = word.ends_with('?');
        if (allowed) word.pop_back();
        members.push_back({parse_status(word).value(), allowed});
    }
    return members;
}

struct Row {
    const char* members;
    const char* status;
    const char* for_needs;
};

class CompositeTest : public testing::TestWithParam<Row> {};

TEST_P(CompositeTest, FollowsTheTable) {
    const auto members = members_of(GetParam().members);
    EXPECT_EQ(to_string(composite(members, Purpose::kStage)), GetParam().status);
    EXPECT_EQ(to_string(composite(members, Purpose::kNeeds)), GetParam().for_needs);
}

const Row kRows[] = {
    {"", "success", "success"},
    {"success", "success", "success"},
    {"skipped", "skipped", "skipped"},
    {"manual?", "skipped", "skipped"},
    {"success skipped", "success", "skipped"},
    {"success failed?", "success", "success"},
    {"failed?", "success", "success"},
    {"success manual?", "success", "skipped"},
    {"created", "created", "created"},
    {"created failed?", "created", "created"},
    {"preparing", "preparing", "preparing"},
    {"canceled success", "canceled", "canceled"},
    {"canceled failed", "failed", "failed"},
    {"canceled? success", "success", "success"},
    {"pending created", "pending", "pending"},
    {"pending success", "running", "running"},
    {"running failed", "running", "running"},
    {"waiting_for_resource success", "waiting_for_resource", "waiting_for_resource"},
    {"waiting_for_callback success", "waiting_for_callback", "waiting_for_callback"},
    {"manual success", "manual", "manual"},
    {"manual running", "running", "running"},
    {"scheduled success", "scheduled", "scheduled"},
    {"preparing success", "preparing", "preparing"},
    {"created success", "running", "running"},
    {"canceling success", "canceling", "canceling"},
    {"failed success", "failed", "failed"},
    {"failed skipped", "failed", "skipped"},
};

INSTANTIATE_TEST_SUITE_P(Table, CompositeTest, testing::ValuesIn(kRows));

/// Builds the jobs of a pipeline. needs(), blocking(), … change the job that was added last.
struct JobList {
    std::vector<PipelineJob> jobs;

    JobList& job(const std::string& name, std::size_t stage, When when = When::kOnSuccess) {
        PipelineJob run;
        run.name = name;
        run.stage = stage;
        run.when = when;
        run.allow_failure = when == When::kManual;
        jobs.push_back(run);
        return *this;
    }
    JobList& needs(std::vector<std::string> names) {
        jobs.back().has_needs = true;
        jobs.back().needs = std::move(names);
        return *this;
    }
    JobList& blocking() {
        jobs.back().allow_failure = false;
        return *this;
    }
    JobList& allow_failure() {
        jobs.back().allow_failure = true;
        return *this;
    }
    JobList& group(const std::string& name) {
        jobs.back().resource_group = name;
        return *this;
    }
};

std::string shown(const PipelineState& process) {
    std::string text;
    for (const PipelineJob& job : process.jobs()) {
        if (!text.empty()) text += " ";
        text += job.name + ":" + std::string(to_string(job.status));
    }
    return text;
}

/// Runs pending jobs one after another, until there are none. The jobs named in `fail` fail.
void run_all(PipelineState& process, const std::vector<std::string>& fail = {}) {
    process.advance();
    for (bool ran = true; ran;) {
        ran = false;
        for (std::size_t i = 0; i < process.jobs().size(); ++i) {
            if (process.jobs()[i].status != Status::kPending) continue;
            process.started(i);
            const bool bad =
                std::find(fail.begin(), fail.end(), process.jobs()[i].name) != fail.end();
            process.finished(i, bad ? Status::kFailed : Status::kSuccess);
            process.advance();
            ran = true;
        }
    }
}

TEST(PipelineState, RunsStageAfterStage) {
    PipelineState process(JobList{}.job("a", 0).job("b", 0).job("c", 1).jobs);
    process.advance();
    EXPECT_EQ(shown(process), "a:pending b:pending c:created");
    process.started(0);
    process.finished(0, Status::kSuccess);
    process.advance();
    EXPECT_EQ(shown(process), "a:success b:pending c:created");
    run_all(process);
    EXPECT_EQ(process.status(), Status::kSuccess);
    EXPECT_TRUE(process.done());
}

TEST(PipelineState, OptionalManualJobDoesNotBlock) {
    PipelineState process(JobList{}.job("a", 0, When::kManual).job("b", 1).jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:manual b:success");
    EXPECT_EQ(process.status(), Status::kSuccess);
}

TEST(PipelineState, LaterStagesWaitForABlockingManualJob) {
    PipelineState process(JobList{}.job("a", 0, When::kManual).blocking().job("b", 1).jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:manual b:created");
    EXPECT_EQ(process.status(), Status::kManual);
    process.play(0);
    run_all(process);
    EXPECT_EQ(shown(process), "a:success b:success");
}

TEST(PipelineState, JobThatNeedsAnOptionalManualJobIsSkippedUntilItIsPlayed) {
    PipelineState process(JobList{}.job("a", 0, When::kManual).job("b", 1).needs({"a"}).jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:manual b:skipped");
    process.play(0);
    EXPECT_EQ(shown(process), "a:pending b:created");
    run_all(process);
    EXPECT_EQ(shown(process), "a:success b:success");
}

TEST(PipelineState, JobThatNeedsABlockingManualJobWaits) {
    PipelineState process(
        JobList{}.job("a", 0, When::kManual).blocking().job("b", 1).needs({"a"}).jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:manual b:created");
}

TEST(PipelineState, JobWithASkippedNeedIsSkippedUnlessWhenIsAlways) {
    PipelineState process(JobList{}
                              .job("a", 0, When::kOnFailure)
                              .job("b", 1)
                              .needs({"a"})
                              .job("c", 1, When::kAlways)
                              .needs({"a"})
                              .jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:skipped b:skipped c:success");
}

TEST(PipelineState, AllowedFailureCountsAsWarning) {
    PipelineState process(
        JobList{}.job("a", 0).allow_failure().job("b", 1).job("c", 1, When::kOnFailure).jobs);
    run_all(process, {"a"});
    EXPECT_EQ(shown(process), "a:failed b:success c:skipped");
    EXPECT_EQ(process.status(), Status::kSuccess);
}

TEST(PipelineState, FailureRunsOnFailureAndAlways) {
    PipelineState process(JobList{}
                              .job("a", 0)
                              .job("b", 1)
                              .job("c", 1, When::kOnFailure)
                              .job("d", 1, When::kAlways)
                              .jobs);
    run_all(process, {"a"});
    EXPECT_EQ(shown(process), "a:failed b:skipped c:success d:success");
    EXPECT_EQ(process.status(), Status::kFailed);
}

TEST(PipelineState, OnFailureWaitsForTheWholeStage) {
    PipelineState process(JobList{}.job("a", 0).job("b", 0).job("c", 1, When::kOnFailure).jobs);
    process.advance();
    process.started(0);
    process.started(1);
    process.finished(0, Status::kFailed);
    process.advance();
    EXPECT_EQ(shown(process), "a:failed b:running c:created");
}

TEST(PipelineState, JobsAfterACanceledJobAreSkippedEvenWithAlways) {
    PipelineState process(JobList{}.job("a", 0).job("b", 0).job("c", 1, When::kAlways).jobs);
    process.advance();
    process.finished(0, Status::kCanceled);
    process.finished(1, Status::kSuccess);
    process.advance();
    EXPECT_EQ(shown(process), "a:canceled b:success c:skipped");
    EXPECT_EQ(process.status(), Status::kCanceled);
}

TEST(PipelineState, SkippedStageStopsOnlyJobsWithNeeds) {
    PipelineState process(
        JobList{}.job("a", 0, When::kOnFailure).job("b", 1).job("c", 1).needs({"a"}).jobs);
    run_all(process);
    EXPECT_EQ(shown(process), "a:skipped b:success c:skipped");
}

TEST(PipelineState, LaterStagesWaitForADelayedJob) {
    PipelineState process(JobList{}.job("a", 0, When::kDelayed).job("b", 1).jobs);
    const auto steps = process.advance();
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].action, Action::kStartTimer);
    EXPECT_EQ(shown(process), "a:scheduled b:created");
    EXPECT_FALSE(process.done());
    process.enqueue(0);
    run_all(process);
    EXPECT_EQ(shown(process), "a:success b:success");
}

TEST(PipelineState, PipelineOfOptionalManualJobsIsSkipped) {
    PipelineState process(JobList{}.job("a", 0, When::kManual).job("b", 1, When::kManual).jobs);
    run_all(process);
    EXPECT_EQ(process.status(), Status::kSkipped);
    EXPECT_TRUE(process.done());
}

TEST(PipelineState, JobWithEmptyNeedsStartsAtOnce) {
    PipelineState process(JobList{}.job("a", 0).job("b", 2).needs({}).job("c", 2).jobs);
    process.advance();
    EXPECT_EQ(shown(process), "a:pending b:pending c:created");
}

TEST(PipelineState, NeedsThatAreNotInThePipelineAreIgnored) {
    PipelineState process(JobList{}.job("a", 0).job("b", 1).needs({"gone"}).jobs);
    process.advance();
    EXPECT_EQ(shown(process), "a:pending b:pending");
}

TEST(PipelineState, NeedsWithinAStageRunInOrder) {
    PipelineState process(
        JobList{}.job("a", 0).needs({"b"}).job("b", 0).needs({"c"}).job("c", 0).jobs);
    process.advance();
    EXPECT_EQ(shown(process), "a:created b:created c:pending");
    run_all(process, {"c"});
    EXPECT_EQ(shown(process), "a:skipped b:skipped c:failed");
}

TEST(PipelineState, ResourceGroupRunsOneAtATime) {
    PipelineState process(JobList{}.job("a", 0).group("g").job("b", 0).group("g").jobs);
    process.advance();
    EXPECT_EQ(shown(process), "a:pending b:waiting_for_resource");
    process.started(0);
    EXPECT_TRUE(process.advance().empty());
    process.finished(0, Status::kSuccess);
    process.advance();
    EXPECT_EQ(shown(process), "a:success b:pending");
}

TEST(PipelineState, RetryRunsSkippedJobs) {
    PipelineState process(JobList{}.job("a", 0).job("b", 1).job("c", 2).jobs);
    run_all(process, {"a"});
    EXPECT_EQ(shown(process), "a:failed b:skipped c:skipped");
    process.retry(0);
    run_all(process);
    EXPECT_EQ(shown(process), "a:success b:success c:success");
    EXPECT_EQ(process.jobs()[0].retries, 1);
}

TEST(PipelineState, ExitCodeDecidesWhetherFailureIsAllowed) {
    JobList list;
    list.job("a", 0).job("b", 0);
    for (auto& job : list.jobs) job.allowed_exit_codes = {3, 4};
    PipelineState process(list.jobs);
    process.advance();
    process.finished(0, Status::kFailed, 4);
    EXPECT_TRUE(process.jobs()[0].allow_failure);
    process.finished(1, Status::kFailed, 1);
    EXPECT_FALSE(process.jobs()[1].allow_failure);
}

TEST(PipelineState, CancelWaitsForRunningJobs) {
    PipelineState process(JobList{}.job("a", 0).job("b", 1).jobs);
    process.advance();
    process.started(0);
    process.cancel_all();
    EXPECT_EQ(shown(process), "a:canceling b:canceled");
    EXPECT_FALSE(process.done());
    process.finished(0, Status::kCanceled);
    EXPECT_TRUE(process.done());
    EXPECT_EQ(process.status(), Status::kCanceled);
}

TEST(Retry, DependsOnReasonExitCodeAndCount) {
    const auto config = [](const char* text) { return *yaml::load(text)->find("retry"); };
    EXPECT_FALSE(should_retry({}, "script_failure", 1, 0));
    EXPECT_TRUE(should_retry({}, "scheduler_failure", {}, 1));
    EXPECT_FALSE(should_retry({}, "scheduler_failure", {}, 2));
    EXPECT_TRUE(should_retry(config("retry: 1"), "script_failure", 1, 0));
    EXPECT_FALSE(should_retry(config("retry: 1"), "script_failure", 1, 1));
    EXPECT_FALSE(should_retry(config("retry: 2"), "no_matching_runner", {}, 0));
    EXPECT_FALSE(should_retry(config("retry: {when: script_failure}"), "script_failure", 1, 0));
    EXPECT_TRUE(
        should_retry(config("retry: {max: 2, when: [script_failure]}"), "script_failure", 1, 1));
    EXPECT_FALSE(should_retry(config("retry: {max: 2, when: runner_system_failure}"),
                              "script_failure", 1, 0));
    EXPECT_TRUE(
        should_retry(config("retry: {max: 1, exit_codes: [137]}"), "script_failure", 137, 0));
    EXPECT_FALSE(should_retry(config("retry: {max: 1, exit_codes: 137}"), "script_failure", 1, 0));
}

}  // namespace
}  // namespace runner::pipeline::state
