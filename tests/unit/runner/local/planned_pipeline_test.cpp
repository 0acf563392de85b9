#include "runner/local/planned_pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/pipeline/include/work_tree.hpp"

namespace runner::local {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

base::Result<std::unique_ptr<PlannedPipeline>> plan(const std::string& text,
                                                    std::vector<std::string> jobs = {}) {
    pipeline::include::WorkTreeSource source("/nonexistent");
    PipelineDescription description;
    description.load.text = text;
    description.request.pipeline.ref = "main";
    description.request.pipeline.source = "push";
    description.request.given.set("GIVEN", "1");
    description.jobs = std::move(jobs);
    return plan_pipeline(std::move(description), source);
}

TEST(PlanPipeline, KnowsTheVariablesOfItsRequestAndItsName) {
    const auto planned = plan("workflow: {name: Nightly}\na: {script: x}\n");
    ASSERT_TRUE(planned) << planned.error().message;
    const PipelineInfo& info = (*planned)->description.info;
    EXPECT_EQ(info.given.value("GIVEN"), "1");
    EXPECT_EQ(info.predefined.value("CI_PIPELINE_NAME"), "Nightly");
}

TEST(PlanPipeline, LeavesTheJobsThatAreNamed) {
    const auto planned = plan("a: {script: x}\nb: {script: x}\n", {"b"});
    ASSERT_TRUE(planned) << planned.error().message;
    ASSERT_EQ((*planned)->jobs().size(), 1U);
    EXPECT_EQ((*planned)->job(0).name, "b");
    EXPECT_EQ(plan("a: {script: x}\n", {"nothing"}).error().kind, base::ErrorKind::kNotFound);
}

TEST(PlanPipeline, RefusesWhatGitLabRefusesAndSaysWhere) {
    const auto invalid = plan("a: {scrip: x}\n");
    ASSERT_FALSE(invalid);
    EXPECT_EQ(invalid.error().kind, base::ErrorKind::kInvalidInput);
    EXPECT_THAT(invalid.error().message, HasSubstr(".gitlab-ci.yml:1"));
    const auto empty = plan("a: {script: x, rules: [{when: never}]}\n");
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().kind, base::ErrorKind::kInvalidInput);
}

TEST(CheckImages, NamesTheFirstJobWithoutAnImage) {
    const auto with = plan("default: {image: alpine}\na: {script: x}\n");
    EXPECT_TRUE(check_images((*with)->jobs()));
    const auto without = plan("t: {trigger: a/b}\nb: {script: x}\nc: {script: x}\n");
    const auto checked = check_images((*without)->jobs());
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().message, HasSubstr("the job \"b\" names no image"));
}

TEST(JobsLeftUndone, NamesTheManualJobsInTheWay) {
    const auto planned =
        plan("m: {script: x, when: manual, allow_failure: false}\nb: {script: x, needs: [m]}\n");
    (*planned)->description.jobs = {"b"};
    pipeline::state::PipelineJob manual;
    manual.name = "m";
    manual.when = pipeline::plan::When::kManual;
    pipeline::state::PipelineJob needing;
    needing.name = "b";
    needing.has_needs = true;
    needing.needs = {"m"};
    pipeline::state::PipelineState process({manual, needing});
    process.advance();
    EXPECT_THAT(jobs_left_undone(**planned, process),
                ElementsAre("b did not run: it waits for a manual job. --manual \"m\" plays it"));
    process.play(0);
    process.started(0);
    process.finished(0, pipeline::state::Status::kFailed);
    process.advance();
    EXPECT_THAT(jobs_left_undone(**planned, process), ElementsAre("b did not run: it is skipped"));
    (*planned)->description.jobs = {};
    EXPECT_THAT(jobs_left_undone(**planned, process), IsEmpty());
}

}  // namespace
}  // namespace runner::local
