#include "runner/pipeline/view/view.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/json.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/view/text.hpp"

namespace runner::pipeline::view {
namespace {

/// A pipeline created from the text of a configuration.
struct TestPipeline {
    Loaded loaded;
    plan::Pipeline pipeline;

    explicit TestPipeline(const std::string& text) {
        LoadRequest load;
        load.text = text;
        include::WorkTreeSource source("/nonexistent");
        loaded = load_configuration(load, source);
        EXPECT_TRUE(loaded.valid()) << (loaded.errors.empty() ? "" : loaded.errors[0].text);
        plan::CreateRequest request;
        request.pipeline.ref = "main";
        request.pipeline.source = "push";
        request.given.set({"SECRET", "s3cr3t", false, true});
        pipeline = plan::create_pipeline(*loaded.configuration, loaded.parallel, request);
    }
    [[nodiscard]] CreatedPipeline created() const { return {loaded, pipeline}; }
};

TEST(View, ColumnsCountCharactersNotBytes) {
    EXPECT_EQ(columns({{"ä", "x"}, {"abc", "y"}}, " "), " ä    x\n abc  y\n");
}

TEST(View, TableShowsReasonsAndPositions) {
    const TestPipeline pipeline(
        "a:\n  script: x\n  rules:\n    - if: $A\n    - {if: $A == null, when: delayed, start_in: "
        "1 "
        "day}\nb: {script: x, needs: [], allow_failure: {exit_codes: [1, 2]}}\n"
        "c: {script: x, rules: [{when: never}]}\n");
    EXPECT_EQ(table(pipeline.created()),
              "JOB  STAGE  WHEN             ALLOW FAILURE    NEEDS  WHY\n"
              "a    test   delayed (1 day)  no               -      rule 2: if: $A == null is true "
              "(.gitlab-ci.yml:5:7)\n"
              "b    test   on_success       exit codes 1, 2  none   no rules\n"
              "\n"
              "LEFT OUT  STAGE  WHY\n"
              "c         test   rule 1; when: never (.gitlab-ci.yml:7:24)\n"
              "\n"
              "2 jobs in 1 stage, 1 left out\n");
}

TEST(View, DetailsHideMaskedValues) {
    const TestPipeline pipeline("a: {script: x, rules: [{if: $SECRET}]}\n");
    const std::string text = details(pipeline.created(), {"a"});
    EXPECT_NE(text.find("$SECRET is [masked]"), std::string::npos) << text;
    EXPECT_EQ(text.find("s3cr3t"), std::string::npos) << text;
}

TEST(View, ShowsOneArrowBetweenStagesWithoutNeeds) {
    const TestPipeline pipeline(
        "stages: [one, two]\na: {script: x, stage: one}\nb: {script: x, stage: one}\n"
        "c: {script: x, stage: two}\nd: {script: x, stage: two}\n");
    EXPECT_EQ(mermaid(pipeline.created()),
              "flowchart LR\n"
              "  subgraph s0[\"one\"]\n    j0[\"a\"]\n    j1[\"b\"]\n  end\n"
              "  subgraph s1[\"two\"]\n    j2[\"c\"]\n    j3[\"d\"]\n  end\n"
              "  s0 --> s1\n");
}

TEST(View, JobsWithNeedsDoNotWaitForTheStage) {
    const TestPipeline pipeline(
        "stages: [one, two]\na: {script: x, stage: one}\nc: {script: x, stage: two}\n"
        "d: {script: x, stage: two, needs: [a, {job: gone, optional: true}]}\n");
    EXPECT_EQ(mermaid(pipeline.created()),
              "flowchart LR\n"
              "  subgraph s0[\"one\"]\n    j0[\"a\"]\n  end\n"
              "  subgraph s1[\"two\"]\n    j1[\"c\"]\n    j2[\"d\"]\n  end\n"
              "  s0 --> j1\n  j0 --> j2\n");
    EXPECT_NE(dot(pipeline.created()).find("  j0 -> j1 [ltail=cluster_0];\n  j0 -> j2;\n"),
              std::string::npos)
        << dot(pipeline.created());
}

TEST(View, JsonDistinguishesEmptyNeedsFromNone) {
    const TestPipeline pipeline("a: {script: x}\nb: {script: x, needs: []}\n");
    const auto json = to_json(pipeline.created(), {});
    EXPECT_TRUE(json["jobs"][0]["needs"].is_null());
    EXPECT_EQ(json["jobs"][1]["needs"].size(), 0U);
    EXPECT_TRUE(json["jobs"][1]["needs"].is_array());
    EXPECT_EQ(to_json(pipeline.created(), {"b"})["jobs"].size(), 1U);
}

}  // namespace
}  // namespace runner::pipeline::view
