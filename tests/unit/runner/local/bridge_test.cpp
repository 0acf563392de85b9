#include "runner/local/bridge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

using pipeline::state::Status;

TEST(Bridge, OnlyATriggerWithAnIncludeStartsAChild) {
    const Planned planned(R"(
child: {trigger: {include: c.yml}}
waiting: {trigger: {include: c.yml, strategy: depend}}
elsewhere: {trigger: group/project}
script: {script: x}
)");
    EXPECT_TRUE(starts_a_child(*planned.find("child")->job));
    EXPECT_FALSE(waits_for_child(*planned.find("child")->job));
    EXPECT_TRUE(waits_for_child(*planned.find("waiting")->job));
    EXPECT_FALSE(starts_a_child(*planned.find("elsewhere")->job));
    EXPECT_FALSE(starts_a_child(*planned.find("script")->job));
}

TEST(Bridge, TakesOverTheEndOfItsChild) {
    struct Case {
        Status child;
        Status bridge;
        const char* reason;
        const char* note;
    };
    const Case cases[] = {
        {Status::kSuccess, Status::kSuccess, "", ""},
        {Status::kFailed, Status::kFailed, "downstream_pipeline_creation_failed",
         "the child pipeline's state is failed"},
        {Status::kCanceled, Status::kCanceled, "", "the child pipeline's state is canceled"},
        {Status::kSkipped, Status::kSuccess, "", "the child pipeline's state is skipped"},
        {Status::kManual, Status::kManual, "", "its child pipeline waits for a manual job"},
        {Status::kCreated, Status::kManual, "", "the child pipeline's state is created"},
    };
    for (const Case& c : cases) {
        const JobEnd end = end_of_bridge(c.child);
        EXPECT_EQ(end.status, c.bridge) << to_string(c.child);
        EXPECT_EQ(end.reason, c.reason) << to_string(c.child);
        EXPECT_EQ(end.note, c.note) << to_string(c.child);
    }
}

class DescribeChild : public testing::Test {
  protected:
    DescribeChild() {
        parent_.prefix = "outer / ";
        parent_.depth = 1;
        parent_.info.id = 7;
        parent_.info.project_id = 3;
        parent_.info.predefined.set("CI_COMMIT_BRANCH", "main");
        parent_.info.given.set("GIVEN", "from the user");
    }
    PipelineDescription of(const std::string& text) {
        const Planned planned(text);
        return describe_child(parent_, *planned.find("t"), {{"DOTENV", "of $CI_COMMIT_BRANCH"}},
                              {20, 21});
    }
    static std::string given(const PipelineDescription& child, const std::string& key) {
        return std::string(child.request.given.value(key).value_or("(none)"));
    }

    PipelineDescription parent_;
};

TEST_F(DescribeChild, HasIdsNamesAndSourceOfItsOwn) {
    const auto child = of("t: {trigger: {include: [{local: c.yml}]}}\n");
    EXPECT_EQ(child.prefix, "outer / t / ");
    EXPECT_EQ(child.depth, 2);
    EXPECT_EQ(child.info.id, 20);
    EXPECT_EQ(child.load.name, "child of t");
    EXPECT_EQ(child.request.pipeline.source, "parent_pipeline");
    const auto& predefined = child.request.predefined;
    EXPECT_EQ(predefined.value("CI_PIPELINE_SOURCE"), "parent_pipeline");
    EXPECT_EQ(predefined.value("CI_UPSTREAM_PIPELINE_ID"), "7");
    EXPECT_EQ(predefined.value("CI_UPSTREAM_PROJECT_ID"), "3");
    EXPECT_EQ(predefined.value("CI_UPSTREAM_JOB_ID"), "21");
}

TEST_F(DescribeChild, GetsTheVariablesOfTheFileOnlyUnlessForwardSaysOtherwise) {
    const auto usual = of("t: {variables: {MINE: $CI_COMMIT_BRANCH}, trigger: {include: c.yml}}\n");
    EXPECT_EQ(given(usual, "MINE"), "main");
    EXPECT_EQ(given(usual, "GIVEN"), "(none)");
    EXPECT_EQ(given(usual, "DOTENV"), "(none)");
    const auto all =
        of("t: {variables: {MINE: x, DOTENV: y}, trigger: {include: c.yml, forward: "
           "{pipeline_variables: true}}}\n");
    EXPECT_EQ(given(all, "MINE"), "x");
    EXPECT_EQ(given(all, "GIVEN"), "from the user");
    EXPECT_EQ(given(all, "DOTENV"), "of main");
    const auto none = of(
        "t: {variables: {MINE: x}, trigger: {include: c.yml, forward: {yaml_variables: false}}}\n");
    EXPECT_EQ(given(none, "MINE"), "(none)");
}

}  // namespace
}  // namespace runner::local
