#include "runner/local/payload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/digest.hpp"
#include "runner/local/server_only.hpp"
#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The payload of the job "job" of a file.
class Payload : public testing::Test {
  protected:
    protocol::gitlab::JobPayload of(const std::string& text, const std::string& name = "job") {
        planned_.emplace(text, create_);
        request_.planned = planned_->find(name);
        if (request_.planned == nullptr) {
            ADD_FAILURE() << "no job " << name;
            return {};
        }
        info_.given = create_.given;
        info_.predefined = create_.predefined;
        request_.pipeline = &info_;
        return make_payload(request_);
    }
    static std::string value(const protocol::gitlab::JobPayload& payload, const std::string& key) {
        std::string found = "(none)";
        for (const auto& variable : payload.variables) {
            if (variable.key == key) found = variable.value;
        }
        return found;
    }

    pipeline::plan::CreateRequest create_;
    std::optional<Planned> planned_;
    PipelineInfo info_;
    PayloadRequest request_;
};

TEST_F(Payload, BeforeScriptAndScriptAreOneStepAfterScriptIsAnother) {
    const auto payload = of(R"(
job:
  before_script: [one, [two]]
  script: [three]
  after_script: [four]
)");
    ASSERT_EQ(payload.steps.size(), 2U);
    EXPECT_EQ(payload.steps[0].name, "script");
    EXPECT_THAT(payload.steps[0].script, ElementsAre("one", "two", "three"));
    EXPECT_EQ(payload.steps[0].when, "on_success");
    EXPECT_EQ(payload.steps[1].name, "after_script");
    EXPECT_THAT(payload.steps[1].script, ElementsAre("four"));
    EXPECT_EQ(payload.steps[1].when, "always");
    EXPECT_TRUE(payload.steps[1].allow_failure);
}

TEST_F(Payload, StepsAreGivenToStepRunner) {
    const auto payload = of("job: {run: [{name: hello, script: echo hi}]}\n");
    ASSERT_EQ(payload.steps.size(), 1U);
    EXPECT_THAT(payload.steps[0].script, ElementsAre("step-runner ci"));
    EXPECT_TRUE(payload.by_step_runner);
    EXPECT_EQ(payload.run, "");
    EXPECT_EQ(value(payload, "STEPS"), R"([{"name":"hello","script":"echo hi"}])");
}

TEST_F(Payload, AJobGetsTheDefaultsOfTheFile) {
    const auto payload = of("default: {image: alpine, before_script: [a]}\njob: {script: b}\n");
    ASSERT_TRUE(payload.image);
    EXPECT_EQ(payload.image->name, "alpine");
    EXPECT_THAT(payload.steps[0].script, ElementsAre("a", "b"));
}

TEST_F(Payload, ImageAndServicesInTheirLongForm) {
    const auto payload = of(R"(
job:
  image: {name: "alpine:$TAG", entrypoint: [""], pull_policy: [never, always], docker: {platform: linux/arm64, user: "1000"}}
  services:
    - postgres
    - {name: "docker:dind", alias: "docker,engine", command: [--tls=false], variables: {A: "1"}}
  script: x
)");
    ASSERT_TRUE(payload.image);
    EXPECT_EQ(payload.image->name, "alpine:$TAG");  // the engine expands it
    ASSERT_TRUE(payload.image->entrypoint);
    EXPECT_THAT(*payload.image->entrypoint, ElementsAre(""));
    EXPECT_THAT(payload.image->pull_policy, ElementsAre("never", "always"));
    EXPECT_EQ(payload.image->docker_platform, "linux/arm64");
    EXPECT_EQ(payload.image->docker_user, "1000");
    ASSERT_EQ(payload.services.size(), 2U);
    EXPECT_EQ(payload.services[0].name, "postgres");
    EXPECT_EQ(payload.services[1].alias, "docker,engine");
    EXPECT_THAT(payload.services[1].command, ElementsAre("--tls=false"));
    EXPECT_EQ(payload.services[1].variables.at(0).key, "A");
}

TEST_F(Payload, VariablesFollowGitLabsPrecedenceAndAreExpanded) {
    create_.predefined.set("CI_COMMIT_REF_NAME", "main");
    create_.given.set("GIVEN", "of the command line");
    request_.inherited.push_back({"DOTENV", "of the report"});
    request_.inherited.push_back({"GIVEN", "of the report"});
    const auto payload = of(R"(
variables: {ROOT: root, BOTH: root, DOTENV: file, GIVEN: file}
job:
  variables: {BOTH: job, FULL: "$ROOT-$CI_COMMIT_REF_NAME-$UNKNOWN", RAW: {value: $ROOT, expand: false}}
  script: x
)");
    EXPECT_EQ(value(payload, "BOTH"), "job");
    EXPECT_EQ(value(payload, "FULL"), "root-main-$UNKNOWN");
    EXPECT_EQ(value(payload, "RAW"), "$ROOT");
    EXPECT_EQ(value(payload, "DOTENV"), "of the report");
    EXPECT_EQ(value(payload, "GIVEN"), "of the command line");
    EXPECT_EQ(value(payload, "CI_JOB_NAME"), "job");
    EXPECT_EQ(value(payload, "CI_JOB_STAGE"), "test");
}

TEST_F(Payload, ARunnerHasAnIdAndTheTagsThatTheJobAsksFor) {
    EXPECT_EQ(value(of("job: {script: x}\n"), "CI_RUNNER_ID"), "1");
    EXPECT_EQ(value(of("job: {script: x}\n"), "CI_RUNNER_TAGS"), "[]");
    EXPECT_EQ(value(of("job: {script: x, tags: [big, linux]}\n"), "CI_RUNNER_TAGS"),
              "[\"big\", \"linux\"]");
}

TEST_F(Payload, NeedsOfOtherPipelinesAreReported) {
    of("job: {script: x, needs: [{pipeline: $UP, job: a}, {project: a/b, job: c, ref: v1}]}\n");
    EXPECT_THAT(server_only(*request_.planned),
                ElementsAre("needs: artifacts of other pipelines are not downloaded here: job a of "
                            "pipeline $UP, job c of project a/b (v1)"));
}

TEST_F(Payload, SecretsStayMaskedAndPrivate) {
    create_.given.set(
        {.key = "KEY", .value = "s3cr3t", .masked = true, .is_file = true, .is_public = false});
    const auto payload = of("job: {script: x}\n");
    for (const auto& variable : payload.variables) {
        if (variable.key != "KEY") continue;
        EXPECT_TRUE(variable.masked && variable.file && !variable.is_public);
    }
    EXPECT_EQ(value(payload, "KEY"), "s3cr3t");
}

TEST_F(Payload, EnvironmentNameIsExpandedAndSlugged) {
    create_.predefined.set("CI_COMMIT_REF_NAME", "Feature/X");
    const auto payload =
        of("job: {script: x, environment: {name: review/$CI_COMMIT_REF_NAME, url: "
           "'https://$CI_ENVIRONMENT_SLUG.e/$CI_ENVIRONMENT_NAME/$CI_JOB_NAME/$LATER'}}\n");
    EXPECT_EQ(value(payload, "CI_ENVIRONMENT_NAME"), "review/Feature/X");
    EXPECT_THAT(value(payload, "CI_ENVIRONMENT_SLUG"), testing::StartsWith("review-feature-x"));
    const std::string slug = value(payload, "CI_ENVIRONMENT_SLUG");
    EXPECT_EQ(value(payload, "CI_ENVIRONMENT_URL"),
              "https://" + slug + ".e/review/Feature/X/job/$LATER");
}

TEST_F(Payload, TheTimeoutIsTheJobsElseThePipelines) {
    EXPECT_EQ(of("job: {script: x}\n").timeout_seconds, 3600);
    EXPECT_EQ(of("job: {script: x, timeout: 1h 30m}\n").timeout_seconds, 5400);
}

TEST_F(Payload, ArtifactsAndDotenv) {
    const auto payload = of(R"(
job:
  script: x
  artifacts:
    name: built
    paths: [bin/, "*.txt"]
    exclude: [bin/tmp]
    when: always
    expire_in: 1 week
    reports: {dotenv: build.env, junit: junit.xml}
)");
    ASSERT_EQ(payload.artifacts.size(), 2U);
    EXPECT_EQ(payload.artifacts[0].artifact_type, "archive");
    EXPECT_THAT(payload.artifacts[0].paths, ElementsAre("bin/", "*.txt"));
    EXPECT_THAT(payload.artifacts[0].exclude, ElementsAre("bin/tmp"));
    EXPECT_EQ(payload.artifacts[0].when, "always");
    EXPECT_EQ(payload.artifacts[1].artifact_type, "dotenv");
    EXPECT_THAT(payload.artifacts[1].paths, ElementsAre("build.env"));
    EXPECT_THAT(server_only(*request_.planned),
                ElementsAre("artifacts:reports are evaluated by GitLab only: junit"));
}

TEST_F(Payload, APagesJobPublishesItsDirectory) {
    EXPECT_THAT(of("pages: {script: x}\n", "pages").artifacts.at(0).paths, ElementsAre("public"));
    EXPECT_THAT(of("job: {script: x, pages: {publish: out}}\n").artifacts.at(0).paths,
                ElementsAre("out"));
    EXPECT_THAT(of("pages: {script: x, pages: false}\n", "pages").artifacts, IsEmpty());
}

TEST_F(Payload, KeywordsThatNeedAServerAreReported) {
    of("job: {script: x, id_tokens: {ID: {aud: a}}, release: {tag_name: v1, description: d}}\n");
    EXPECT_THAT(
        server_only(*request_.planned),
        ElementsAre("id_tokens are signed by GitLab: ID is not set here unless given with --var or "
                    "--variables-file",
                    "release: no release is made from here; the script runs"));
}

TEST_F(Payload, ASecretWhoseValueIsGivenNeedsNoVault) {
    const std::string text = "job: {script: x, secrets: {PASSWORD: {vault: a/b/c@d}}}\n";
    EXPECT_THAT(of(text).missing_secrets, ElementsAre("PASSWORD"));
    create_.given.set("PASSWORD", "x");
    EXPECT_THAT(of(text).missing_secrets, IsEmpty());
}

TEST_F(Payload, CachesAreInThePayload) {
    const auto payload =
        of("job: {script: x, cache: {key: $CI_JOB_NAME, paths: [.cache], policy: pull}}\n");
    ASSERT_EQ(payload.cache.size(), 1U);
    EXPECT_EQ(payload.cache[0].key, "$CI_JOB_NAME");
    EXPECT_THAT(payload.cache[0].paths, ElementsAre(".cache"));
    EXPECT_EQ(payload.cache[0].policy, "pull");
}

TEST_F(Payload, JobInputsGetTheirDefaults) {
    const auto payload = of(R"(
job:
  script: [x]
  inputs: {who: {default: you}, many: {type: number, default: 3}, list: {type: array, default: [a]}}
)");
    ASSERT_EQ(payload.inputs.size(), 3U);
    EXPECT_EQ(payload.inputs[0].key, "who");
    EXPECT_EQ(payload.inputs[0].json, "\"you\"");
    EXPECT_EQ(payload.inputs[1].json, "3");
    EXPECT_EQ(payload.inputs[2].json, "[\"a\"]");
    EXPECT_FALSE(payload.has_inputs);
}

TEST_F(Payload, ACacheKeyOfFilesFollowsTheirContent) {
    const std::string text = R"(
job:
  script: [x]
  cache:
    - {key: {files: ["**/lock"], prefix: p}, paths: [a], fallback_keys: [p-default]}
    - {key: {files: [none]}, paths: [b]}
)";
    const std::vector<std::string> files{"lock", "sub/lock", "other"};
    request_.files = &files;
    request_.blob_id = [](const std::string& path) { return "id of " + path; };
    const auto payload = of(text);
    ASSERT_EQ(payload.cache.size(), 2U);
    EXPECT_EQ(payload.cache[0].key, "p-" + base::sha1_hex("id of lock-id of sub/lock"));
    EXPECT_THAT(payload.cache[0].fallback_keys, ElementsAre("p-default"));
    EXPECT_EQ(payload.cache[1].key, "default");
}

}  // namespace
}  // namespace runner::local
