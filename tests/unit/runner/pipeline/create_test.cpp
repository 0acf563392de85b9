#include "runner/pipeline/plan/create.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/load.hpp"

namespace runner::pipeline::plan {
namespace {

/// Loads a configuration, creates a pipeline from it, and prints its jobs.
struct Created {
    Loaded loaded;
    CreateRequest request;
    Pipeline pipeline;

    explicit Created(const std::string& text) {
        LoadRequest load;
        load.text = text;
        include::WorkTreeSource source("/nonexistent");
        loaded = load_configuration(load, source);
        request.pipeline.ref = "main";
        request.pipeline.source = "push";
    }
    Created& with(const std::string& key, const std::string& value) {
        request.given.set(key, value);
        return *this;
    }
    Created& changed(rules::Paths paths) {
        request.repository.changed = std::move(paths);
        return *this;
    }
    Created& files(rules::Paths paths) {
        request.repository.files = std::move(paths);
        return *this;
    }
    Created& tag(const std::string& name) {
        request.pipeline.ref = name;
        request.pipeline.is_tag = true;
        return *this;
    }
    Created& merge_request() {
        request.pipeline.source = "merge_request_event";
        request.pipeline.is_merge_request = true;
        return *this;
    }
    /// "a:on_success b:manual?", where a question mark stands for allow_failure; or the errors.
    std::string jobs() {
        for (const Problem& problem : loaded.errors) return "invalid: " + problem.text;
        pipeline = create_pipeline(*loaded.configuration, loaded.parallel, request);
        std::string text;
        for (const Problem& problem : pipeline.errors) text += "error: " + problem.text + "\n";
        if (!text.empty()) return text;
        for (const PlannedJob& planned : pipeline.jobs) {
            if (!text.empty()) text += " ";
            text += planned.job->name + ":" + std::string(to_string(planned.when)) +
                    (planned.allow_failure ? "?" : "");
        }
        return text;
    }
};

constexpr const char* kEmpty =
    "error: The resulting pipeline would have been empty. Review the rules configuration for the "
    "relevant jobs.\n";

TEST(CreatePipeline, OrdersByStage) {
    EXPECT_EQ(Created("b: {script: x, stage: deploy}\na: {script: x, stage: build}\n").jobs(),
              "a:on_success b:on_success");
}

TEST(CreatePipeline, FirstMatchingRuleDecides) {
    const std::string text =
        "a:\n  script: x\n  rules:\n    - {if: $A == \"1\", when: manual}\n"
        "    - {if: $A == \"2\", when: never}\n    - {if: $A, allow_failure: true}\n";
    EXPECT_EQ(Created(text).with("A", "1").jobs(), "a:manual");
    EXPECT_EQ(Created(text).with("A", "2").jobs(), kEmpty);
    EXPECT_EQ(Created(text).with("A", "3").jobs(), "a:on_success?");
    EXPECT_EQ(Created(text).jobs(), kEmpty);
}

TEST(CreatePipeline, ManualJobBlocksOnlyWhenARuleMakesItManual) {
    EXPECT_EQ(Created("a: {script: x, when: manual}\n").jobs(), "a:manual?");
    EXPECT_EQ(Created("a: {script: x, rules: [{when: manual}]}\n").jobs(), "a:manual");
    EXPECT_EQ(Created("a: {script: x, when: manual, rules: [{if: '$A == null'}]}\n").jobs(),
              "a:manual?");
    EXPECT_EQ(Created("a: {script: x, when: manual, allow_failure: {exit_codes: 1}}\n").jobs(),
              "a:manual");
}

TEST(CreatePipeline, ChangesIsTrueWhenTheChangedPathsAreUnknown) {
    const std::string text = "a: {script: x, rules: [{changes: ['src/**/*']}]}\n";
    EXPECT_EQ(Created(text).jobs(), "a:on_success");
    EXPECT_EQ(Created(text).changed({}).jobs(), kEmpty);
    EXPECT_EQ(Created(text).changed({"src/b/c"}).jobs(), "a:on_success");
    EXPECT_EQ(Created(text).changed({"doc/c"}).jobs(), kEmpty);
}

TEST(CreatePipeline, ExistsChecksTheFilesOfTheCommit) {
    const std::string text =
        "variables: {DIR: src}\na: {script: x, rules: [{exists: [$DIR/Dockerfile]}]}\n";
    EXPECT_EQ(Created(text).files({"src/Dockerfile"}).jobs(), "a:on_success");
    EXPECT_EQ(Created(text).files({"Dockerfile"}).jobs(), kEmpty);
}

TEST(CreatePipeline, OnlyPatternsThatAreComparedCanBeTooMany) {
    rules::Paths files;
    for (int i = 0; i < 60'000; ++i) files.push_back("src/f" + std::to_string(i));
    const auto with_pattern = [&](const std::string& pattern) {
        return Created("a: {script: x, rules: [{exists: ['" + pattern + "']}]}\n")
            .files(files)
            .jobs();
    };
    for (const char* pattern : {"Dockerfile", "src/f", "doc/", "**/*.rb", "*.rb", "f?"}) {
        EXPECT_EQ(with_pattern(pattern), kEmpty) << pattern;
    }
    for (const char* pattern : {"src/f59999", "src/"}) {
        EXPECT_EQ(with_pattern(pattern), "a:on_success") << pattern;
    }
    // GitLab gives up, and takes the file as there.
    EXPECT_EQ(with_pattern("doc/*"), "a:on_success");
}

TEST(CreatePipeline, RuleVariablesOverrideOthersButAreNotUsedInTheRule) {
    Created created(
        "variables: {A: root, B: root, C: root}\nworkflow: {rules: [{variables: {B: workflow, C: "
        "workflow}}]}\na:\n  script: x\n  variables: {C: job, D: job}\n  rules:\n"
        "    - {if: $D == \"rule\", when: never}\n    - {if: $D == \"job\", variables: {D: "
        "rule}}\n");
    EXPECT_EQ(created.jobs(), "a:on_success");
    const auto& variables = created.pipeline.jobs[0].variables;
    EXPECT_EQ(variables.value("A"), "root");
    EXPECT_EQ(variables.value("B"), "workflow");
    EXPECT_EQ(variables.value("C"), "job");
    EXPECT_EQ(variables.value("D"), "rule");
    EXPECT_EQ(created.pipeline.jobs[0].reason, "rule 2: if: $D == \"job\" is true");
}

TEST(CreatePipeline, GivenVariablesOverrideThoseOfTheConfiguration) {
    EXPECT_EQ(Created("variables: {A: yaml}\na: {script: x, rules: [{if: $A == \"given\"}]}\n")
                  .with("A", "given")
                  .jobs(),
              "a:on_success");
}

TEST(CreatePipeline, InheritSelectsGlobalVariables) {
    Created created("variables: {A: 1, B: 2}\na: {script: x, inherit: {variables: [B]}}\n");
    created.jobs();
    EXPECT_EQ(created.pipeline.jobs[0].variables.value("A"), std::nullopt);
    EXPECT_EQ(created.pipeline.jobs[0].variables.value("B"), "2");
}

TEST(CreatePipeline, WorkflowRulesCanPreventThePipeline) {
    EXPECT_EQ(Created("workflow: {rules: [{if: $A}]}\na: {script: x}\n").jobs(),
              "error: The pipeline did not run. Review the workflow:rules configuration for the "
              "pipeline.\n");
}

TEST(CreatePipeline, WorkflowNameIsExpanded) {
    Created created(
        "variables: {V: root}\nworkflow: {name: ' $V-$W-$NO ', rules: [{variables: {W: rule}}]}\n"
        "a: {script: x}\n");
    created.jobs();
    EXPECT_EQ(created.pipeline.name, "root-rule-");
}

TEST(CreatePipeline, DefaultOnlyMeansBranchesAndTags) {
    const std::string text = "a: {script: x}\nb: {script: x, rules: [{when: on_success}]}\n";
    EXPECT_EQ(Created(text).jobs(), "a:on_success b:on_success");
    EXPECT_EQ(Created(text).tag("v1").jobs(), "a:on_success b:on_success");
    EXPECT_EQ(Created(text).merge_request().jobs(), "b:on_success");
    EXPECT_EQ(Created("workflow: {rules: [{when: always}]}\n" + text).merge_request().jobs(),
              "a:on_success b:on_success");
}

TEST(CreatePipeline, OnlyAndExceptSelectByRef) {
    const auto only = [](const char* list) {
        return std::string("z: {script: x}\na: {script: x, only: ") + list + "}\n";
    };
    EXPECT_EQ(Created(only("[main]")).jobs(), "z:on_success a:on_success");
    EXPECT_EQ(Created(only("[/^ma/]")).jobs(), "z:on_success a:on_success");
    EXPECT_EQ(Created(only("[/^MA/i]")).jobs(), "z:on_success a:on_success");
    EXPECT_EQ(Created(only("[tags]")).jobs(), "z:on_success");
    EXPECT_EQ(Created(only("[tags]")).tag("v1").jobs(), "z:on_success a:on_success");
    EXPECT_EQ(Created(only("[pushes]")).jobs(), "z:on_success a:on_success");
    EXPECT_EQ(Created(only("[web]")).jobs(), "z:on_success");
    EXPECT_EQ(Created(only("[]")).jobs(), "z:on_success");
    EXPECT_EQ(Created(only("[merge_requests]")).merge_request().jobs(), "a:on_success");
    EXPECT_EQ(Created("z: {script: x}\na: {script: x, except: [main]}\n").jobs(), "z:on_success");
    EXPECT_EQ(Created(only("{variables: [$A]}")).with("A", "1").jobs(),
              "z:on_success a:on_success");
    EXPECT_EQ(Created(only("{changes: [x]}")).changed({"y"}).jobs(), "z:on_success");
}

TEST(CreatePipeline, ReportsANeedThatIsNotInThePipeline) {
    EXPECT_EQ(
        Created("a: {script: x, rules: [{if: $A}]}\nb: {script: x, needs: [a]}\n").jobs(),
        "error: 'b' job needs 'a' job, but 'a' does not exist in the pipeline. This might be "
        "because of the only, except, or rules keywords. To need a job that sometimes does not "
        "exist in the pipeline, use needs:optional.\n");
    EXPECT_EQ(Created("a: {script: x, rules: [{if: $A}]}\n"
                      "b: {script: x, needs: [{job: a, optional: true}]}\n")
                  .jobs(),
              "b:on_success");
}

TEST(CreatePipeline, NeedsOfARuleReplaceThoseOfTheJob) {
    Created created(
        "a: {script: x}\nb: {script: x}\nc: {script: x, needs: [a], rules: [{needs: [b]}]}\n");
    created.jobs();
    ASSERT_EQ(created.pipeline.jobs[2].needs.size(), 1U);
    EXPECT_EQ(created.pipeline.jobs[2].needs[0].job, "b");
}

TEST(CreatePipeline, ReportsCyclesOfVariables) {
    EXPECT_EQ(Created("a: {script: x, variables: {A: $B, B: $A}}\n").jobs(),
              "error: a: circular variable reference detected: [\"A\", \"B\"]\n");
}

TEST(CreatePipeline, PipelineWithOnlyPreAndPostIsEmpty) {
    EXPECT_EQ(Created("a: {script: x, stage: .pre}\n").jobs(), kEmpty);
}

TEST(CreatePipeline, CompareToMustBeARef) {
    Created created(
        "a: {script: x, rules: [{changes: {paths: [a], compare_to: nope}}]}\n"
        "b: {script: x}\n");
    created.request.repository.changed_since = [](const std::string& ref) {
        return rules::Difference{ref == "main", rules::Paths{}};
    };
    EXPECT_EQ(created.jobs(),
              "error: Failed to parse rule for a: rules:changes:compare_to is not a valid ref\n");
}

TEST(CreatePipeline, HintsAtTheProblemThatGitLabHidesWithItsStage) {
    Created created("a: {script: x, rules: [{changes: {paths: [a], compare_to: nope}}]}\n");
    created.request.repository.changed_since = [](const std::string&) {
        return rules::Difference{};
    };
    EXPECT_EQ(created.jobs(), kEmpty);
    EXPECT_EQ(created.pipeline.errors[0].hint,
              "Failed to parse rule for a: rules:changes:compare_to is not a valid ref");
}

TEST(LintJson, HasTheFormOfTheApi) {
    Created created("a: {script: [x, [y]], tags: [t], environment: prod, needs: []}\n");
    const auto json = lint_json(created.loaded, nullptr, false);
    EXPECT_EQ(json["valid"], true);
    EXPECT_EQ(json["errors"].size(), 0U);
    EXPECT_EQ(json["jobs"][0].dump(),
              R"({"name":"a","stage":"test","before_script":[],"script":["x","y"],)"
              R"("after_script":[],"tag_list":["t"],"only":{"refs":["branches","tags"]},)"
              R"("except":null,"environment":"prod","when":"on_success","allow_failure":false,)"
              R"("needs":null})");
    EXPECT_TRUE(json["merged_yaml"].get<std::string>().starts_with("---\na:\n  script:\n"));
}

TEST(Describe, ShowsTheLineAndTheColumn) {
    Created created("a:\n  script: echo\n  stage: nope\n");
    ASSERT_EQ(created.loaded.errors.size(), 1U);
    EXPECT_EQ(describe(created.loaded.errors[0], created.loaded),
              ".gitlab-ci.yml:3:10: a job: chosen stage nope does not exist; available stages are "
              ".pre, build, test, deploy, .post\n  3 |   stage: nope\n    |          ^\n");
}

}  // namespace
}  // namespace runner::pipeline::plan
