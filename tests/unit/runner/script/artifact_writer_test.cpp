#include "runner/script/artifact_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ArtifactScripts, UnpackADependencyIntoTheProject) {
    const std::string text = ScriptJob().with_context([](const ScriptContext& context) {
        const ArtifactWriter artifacts(context);
        EXPECT_EQ(artifacts.dependency_path(12), "/builds/g/p.tmp/dependency-12");
        return artifacts.extract_dependency(12);
    });
    EXPECT_THAT(text, HasSubstr("do extract\nfile /builds/g/p.tmp/dependency-12\n"));
}

}  // namespace
