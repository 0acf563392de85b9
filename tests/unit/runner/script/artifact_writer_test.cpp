#include "runner/script/artifact_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "tests/unit/runner/script/script_job.hpp"

namespace {

using protocol::gitlab::Artifact;
using runner::script::ArtifactWriter;
using runner::script::ScriptContext;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

std::string pack(const ScriptJob& job, const Artifact& artifact) {
    return job.with_context(
        [&](const ScriptContext& context) { return ArtifactWriter(context).pack(artifact, 1); });
}

TEST(ArtifactScripts, PackTheFilesIntoANumberedPackage) {
    ScriptJob job;
    job.set("ARTIFACT_COMPRESSION_LEVEL", "fast");
    Artifact artifact;
    artifact.paths = {"out/$NAME", "$(rm -rf /)"};
    artifact.exclude = {"*.o"};
    artifact.artifact_format = "zip";
    const std::string text = pack(job, artifact);
    EXPECT_THAT(text, HasSubstr("output /builds/g/p.tmp/artifacts-1\nformat zip\nlevel fast\n"
                                "name artifacts\npath out/$NAME\npath \\$(rm -rf /)\n"
                                "exclude *.o\n"));
    EXPECT_THAT(text, Not(HasSubstr("untracked")));
}

TEST(ArtifactScripts, SendUntrackedFilesWhenAsked) {
    Artifact artifact;
    artifact.untracked = true;
    artifact.name = "named";
    EXPECT_THAT(pack(ScriptJob(), artifact), HasSubstr("name named\nuntracked\n"));
}

std::string statement_in(const std::string& script) {
    constexpr std::string_view kKey = "\nstatement ";
    const auto at = script.find(kKey);
    if (at == std::string::npos) return "";
    const auto begin = at + kKey.size();
    return script.substr(begin, script.find('\n', begin) - begin);
}

TEST(ArtifactScripts, TellOfAVersionOfTheStatementThatIsNotHere) {
    ScriptJob job;
    Artifact artifact;
    artifact.paths = {"out"};
    const std::string warning = "Unknown SLSA provenance version v0.2, defaulting to v1";
    job.set("SLSA_PROVENANCE_SCHEMA_VERSION", "v0.2");
    EXPECT_THAT(pack(job, artifact), Not(HasSubstr(warning))) << "it has no statement";
    job.set("RUNNER_GENERATE_ARTIFACTS_METADATA", "true");
    EXPECT_THAT(pack(job, artifact), HasSubstr(warning));
    ScriptJob usual;
    usual.set("SLSA_PROVENANCE_SCHEMA_VERSION", "v1");
    usual.set("RUNNER_GENERATE_ARTIFACTS_METADATA", "true");
    EXPECT_THAT(pack(usual, artifact), Not(HasSubstr("Unknown SLSA")));
}

TEST(ArtifactScripts, GiveAZipAProvenanceStatementWhenAsked) {
    ScriptJob job;
    job.settings.started_at = 1'700'000'000;
    job.runner.executor = "docker";
    job.runner.name = "one";
    job.payload.id = 7;
    job.payload.job_info.name = "build";
    job.set("CI_RUNNER_ID", "12");
    job.set("SECRET", "hidden-value");
    Artifact artifact;
    artifact.paths = {"out"};
    EXPECT_EQ(statement_in(pack(job, artifact)), "");
    job.set("RUNNER_GENERATE_ARTIFACTS_METADATA", "true");
    const std::string text = statement_in(pack(job, artifact));
    EXPECT_THAT(pack(job, artifact), Not(HasSubstr("Unknown SLSA")));
    EXPECT_THAT(text, Not(HasSubstr("hidden-value")));
    EXPECT_THAT(text, Not(HasSubstr("t-1")));
    const auto statement = nlohmann::json::parse(text);
    EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v0.1");
    EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
    const auto& definition = statement["predicate"]["buildDefinition"];
    const std::string project = "https://gitlab.example.com/g/p";
    EXPECT_EQ(definition["externalParameters"],
              (nlohmann::json{{"CI_RUNNER_ID", ""},
                              {"SECRET", ""},
                              {"RUNNER_GENERATE_ARTIFACTS_METADATA", ""},
                              {"entryPoint", "build"},
                              {"source", project}}));
    EXPECT_EQ(definition["internalParameters"]["executor"], "docker");
    EXPECT_EQ(definition["internalParameters"]["job"], "7");
    EXPECT_EQ(definition["internalParameters"]["name"], "one");
    EXPECT_EQ(definition["resolvedDependencies"][0]["uri"], project);
    EXPECT_EQ(definition["resolvedDependencies"][0]["digest"]["sha256"], std::string(40, 'a'));
    const auto& details = statement["predicate"]["runDetails"];
    EXPECT_EQ(details["builder"]["id"], project + "/-/runners/12");
    EXPECT_EQ(details["metadata"]["startedOn"], "2023-11-14T22:13:20Z");
    artifact.artifact_format = "raw";
    EXPECT_EQ(statement_in(pack(job, artifact)), "") << "only an archive can take another file";
}

TEST(ArtifactScripts, UnpackADependencyIntoTheProject) {
    const std::string text = ScriptJob().with_context([](const ScriptContext& context) {
        const ArtifactWriter artifacts(context);
        EXPECT_EQ(artifacts.dependency_path(12), "/builds/g/p.tmp/dependency-12");
        return artifacts.extract_dependency(12);
    });
    EXPECT_THAT(text, HasSubstr("do extract\nfile /builds/g/p.tmp/dependency-12\n"));
}

}  // namespace
