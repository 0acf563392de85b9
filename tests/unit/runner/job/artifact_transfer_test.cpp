#include "runner/job/artifact_transfer.hpp"

#include <gmock/gmock.h>

#include <map>

#include "executors/helper/protocol.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ArtifactTransferTest : public tests::JobFixture {
  protected:
    ArtifactTransferTest() { runner_.builds_dir = "/builds"; }

    void add_dependency(std::int64_t id) {
        protocol::gitlab::Dependency dependency;
        dependency.id = id;
        dependency.name = "build " + std::to_string(id);
        dependency.artifact_filename = "artifacts.zip";
        payload_.dependencies.push_back(dependency);
    }
    void add_artifact(const std::string& path, const std::string& when = "on_success") {
        protocol::gitlab::Artifact artifact;
        artifact.paths = {path};
        artifact.when = when;
        payload_.artifacts.push_back(artifact);
    }
    /// What the helper has packed.
    void put_package(std::size_t index, const std::string& name, const std::string& content) {
        const std::string head = executors::helper::make_frame(R"({"name":")" + name + R"("})");
        session_.files[package_path(index)] = head + content;
    }
    static std::string package_path(std::size_t index) {
        return "/builds/group/project.tmp/artifacts-" + std::to_string(index);
    }

    template <typename Work>
    StageResult with_transfer(Work work) {
        job_ = parts();
        auto& context = job_->context;
        context.checkpoint() = state_;
        context.deadlines.start(context.checkpoint());
        ScriptRunner scripts(context, job_->session);
        script::ScriptSettings settings;
        settings.helper = "/helper";
        const script::JobScripts writers(context.payload(), context.runner(), context.behaviour,
                                         settings);
        ArtifactTransfer transfer(context, scripts, writers);
        return run(work(transfer));
    }
    StageResult download() {
        return with_transfer([](ArtifactTransfer& transfer) { return transfer.download(); });
    }
    StageResult upload(bool on_success = true) {
        const PlannedStage stage{.kind = StageKind::kUploadArtifacts,
                                 .name = "upload",
                                 .heading = "",
                                 .step = 0,
                                 .on_success = on_success};
        return with_transfer([&](ArtifactTransfer& transfer) {
            return transfer.upload(stage, [this](const StageResult& part) {
                parts_.push_back(part ? part->code : -1);
            });
        });
    }

    journal::Checkpoint state_;
    std::unique_ptr<Parts> job_;
    std::vector<int> parts_;
};

TEST_F(ArtifactTransferTest, PutsEveryArchiveIntoTheEnvironmentAndUnpacksIt) {
    add_dependency(1);
    add_dependency(2);
    channel_.archives = {{1, "zip one"}, {2, "zip two"}};
    const auto done = download();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->code, 0);
    std::map<std::string, std::string> put;
    for (const auto& call : session_.file_calls) {
        if (call.call != "put_file") continue;
        put[call.path.substr(call.path.rfind('/') + 1)] = call.content;
        EXPECT_EQ(call.mode, 0600U);
    }
    EXPECT_EQ(put, (std::map<std::string, std::string>{{"dependency-1", "zip one"},
                                                       {"dependency-2", "zip two"}}));
    EXPECT_THAT(session_.stages[1].script, HasSubstr("dependency-2"));
    EXPECT_THAT(channel_.log, HasSubstr("Downloading artifacts for build 2 (2)...\n"
                                        "Downloading archive... ok  id=2\n"));
}

TEST_F(ArtifactTransferTest, LetsSoManyCoresUnpackAnArchiveWhileItComes) {
    const auto cores_for = [this](const std::string& wanted) {
        payload_.variables = {{.key = "FASTZIP_EXTRACTOR_CONCURRENCY", .value = wanted}};
        session_.file_calls.clear();
        EXPECT_EQ(download()->code, 0);
        return session_.file_calls.empty() ? 0U : session_.file_calls.back().unpack;
    };
    add_dependency(1);
    channel_.archives = {{1, "zip"}};
    EXPECT_EQ(cores_for("3"), 3U);
    const unsigned all = cores_for("");
    EXPECT_GT(all, 1000U);
    for (const char* const none : {"0", "-1", "x"}) EXPECT_EQ(cores_for(none), all) << none;
}

TEST_F(ArtifactTransferTest, FetchesSomeArchivesAheadOfTheirTurn) {
    for (int id = 1; id <= 5; ++id) {
        add_dependency(id);
        channel_.archives[id] = "zip";
    }
    std::size_t fetched = 0;
    channel_.on_call = [&fetched](const std::string& call) {
        if (call == "fetch_artifact") ++fetched;
    };
    std::vector<std::size_t> fetched_before_unpacking;
    session_.on_call = [&](tests::FakeSession&, const std::string& call) {
        if (call == "run_stage") fetched_before_unpacking.push_back(fetched);
    };
    EXPECT_EQ(download()->code, 0);
    ASSERT_EQ(session_.stages.size(), 5U);
    EXPECT_EQ(fetched_before_unpacking.front(), 3U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_LE(fetched_before_unpacking[i], i + 3);
    for (int id = 1; id <= 5; ++id) {
        EXPECT_THAT(session_.stages[static_cast<std::size_t>(id) - 1].script,
                    HasSubstr("dependency-" + std::to_string(id)))
            << "unpacked in their order";
    }
}

TEST_F(ArtifactTransferTest, SaysWhatBecameOfADownloadWhenItsTurnHasCome) {
    add_dependency(1);
    add_dependency(2);
    channel_.archives = {{1, "zip one"}, {2, "zip two"}};
    int fetched = 0;
    channel_.on_call = [&](const std::string& call) {
        if (call != "fetch_artifact" || ++fetched != 2) return;
        channel_.fetch_failures = {base::make_error(ErrorKind::kUnavailable, "cut")};
    };
    EXPECT_EQ(download()->code, 0);
    EXPECT_THAT(channel_.log, HasSubstr("Downloading artifacts for build 1 (1)...\n"
                                        "Downloading archive... ok  id=1\n"
                                        "Downloading artifacts for build 2 (2)...\n"
                                        "WARNING: Downloading archive... cut; retrying in 1000 ms\n"
                                        "Downloading archive... ok  id=2\n"));
}

TEST_F(ArtifactTransferTest, ShowsHowFarATransferIs) {
    add_dependency(1);
    channel_.archives = {{1, "zip one"}};
    EXPECT_EQ(download()->code, 0);
    EXPECT_THAT(channel_.log, Not(HasSubstr("Downloading artifacts 7 B")));
    payload_.variables.push_back({.key = "TRANSFER_METER_FREQUENCY", .value = "2s"});
    EXPECT_EQ(download()->code, 0);
    EXPECT_THAT(channel_.log, HasSubstr("Downloading artifacts 7 B ("));
    add_artifact("out/*");
    put_package(0, "artifacts.zip", "zip content");
    EXPECT_EQ(upload()->code, 0);
    EXPECT_THAT(channel_.log, HasSubstr("Uploading artifacts 11 B ("));
}

TEST_F(ArtifactTransferTest, TriesADownloadThreeTimes) {
    add_dependency(1);
    channel_.archives = {{1, "zip one"}};
    const base::Error cut = base::make_error(ErrorKind::kUnavailable, "cut");
    channel_.fetch_failures = {cut};
    channel_.body_failures = {cut};
    EXPECT_EQ(download()->code, 0);
    EXPECT_THAT(pauses_, ElementsAre(seconds(1), seconds(1)));
    EXPECT_EQ(session_.file_calls.back().content, "zip one") << "from its beginning";
    EXPECT_THAT(channel_.log,
                HasSubstr("WARNING: Downloading archive... cut; retrying in 1000 ms"));
    channel_.body_failures = {cut, cut, cut};
    EXPECT_EQ(download()->code, 1);
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Downloading archive... cut\n"));
}

TEST_F(ArtifactTransferTest, DoesNotTryAgainWhatTheServerRefuses) {
    add_dependency(1);
    for (const auto kind :
         {ErrorKind::kNotFound, ErrorKind::kForbidden, ErrorKind::kUnauthorized}) {
        channel_.fetch_failures = {base::make_error(kind, "no")};
        EXPECT_EQ(download()->code, 1);
    }
    EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(ArtifactTransferTest, RepeatsADownloadAsOftenAsTheJobAllows) {
    add_dependency(1);
    channel_.archives = {{1, "zip"}};
    protocol::gitlab::Variable attempts;
    attempts.key = "ARTIFACT_DOWNLOAD_ATTEMPTS";
    attempts.value = "3";
    payload_.variables = {attempts};
    const base::Error cut = base::make_error(ErrorKind::kUnavailable, "cut");
    channel_.fetch_failures = {cut, cut, cut, cut};
    channel_.body_failures = {cut, cut};
    EXPECT_EQ(download()->code, 0);
    EXPECT_THAT(pauses_, ElementsAre(seconds(1), seconds(1), seconds(5), seconds(1), seconds(1),
                                     seconds(10)));
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Downloading archive... cut\nWARNING: Retrying..."));
}

TEST_F(ArtifactTransferTest, DoesNotDownloadAgainWhatCannotBeUnpacked) {
    add_dependency(1);
    add_dependency(2);
    channel_.archives = {{1, "no zip"}, {2, "zip"}};
    session_.exits = {tests::exit_with(1)};
    EXPECT_EQ(download()->code, 1);
    EXPECT_EQ(session_.stages.size(), 1U);
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Downloading archive... exit code 1"));
    EXPECT_THAT(channel_.log, Not(HasSubstr("build 2")));
}

TEST_F(ArtifactTransferTest, GoesOnWithTheArchiveThatTheCheckpointNames) {
    add_dependency(1);
    add_dependency(2);
    channel_.archives = {{2, "zip two"}};
    state_.part = 1;
    EXPECT_EQ(download()->code, 0);
    EXPECT_EQ(session_.stages.size(), 1U);
}

TEST_F(ArtifactTransferTest, RefusesMoreDependenciesThanItHasNumbersFor) {
    for (int id = 0; id < 1025; ++id) add_dependency(id);
    EXPECT_EQ(download()->code, 1);
    EXPECT_THAT(channel_.log, HasSubstr("1025 jobs to download from, at most 1024 are possible"));
}

TEST_F(ArtifactTransferTest, SendsWhatWasPackedAndRemovesThePackage) {
    add_artifact("out/*");
    put_package(0, "artifacts.zip", "zip content");
    const auto done = upload();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->code, 0);
    EXPECT_THAT(channel_.sent, ElementsAre(testing::Pair("artifacts.zip", "zip content")));
    EXPECT_THAT(session_.calls, ElementsAre("run_stage", "open_file", "remove"));
    EXPECT_THAT(channel_.log, HasSubstr("Uploading archive... 201 Created"));
    EXPECT_THAT(parts_, ElementsAre(0));
}

TEST_F(ArtifactTransferTest, SendsNothingWhenNothingWasPacked) {
    add_artifact("out/*");
    put_package(0, "", "");
    EXPECT_EQ(upload()->code, 0);
    EXPECT_THAT(channel_.sent, IsEmpty());
}

TEST_F(ArtifactTransferTest, SendsOnlyWhatIsMeantForTheOutcome) {
    add_artifact("a");
    add_artifact("b", "on_failure");
    add_artifact("c", "always");
    put_package(1, "b.zip", "b");
    put_package(2, "c.zip", "c");
    EXPECT_EQ(upload(false)->code, 0);
    EXPECT_THAT(channel_.sent,
                ElementsAre(testing::Pair("b.zip", "b"), testing::Pair("c.zip", "c")));
}

TEST_F(ArtifactTransferTest, SendsTheOtherArchivesWhenOneFails) {
    add_artifact("a");
    add_artifact("b");
    put_package(0, "a.zip", "a");
    put_package(1, "b.zip", "b");
    channel_.send_failures = {base::make_error(ErrorKind::kForbidden, "403 Forbidden")};
    EXPECT_EQ(upload()->code, 1);
    EXPECT_THAT(channel_.sent, ElementsAre(testing::Pair("b.zip", "b")));
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Uploading archive... 403 Forbidden"));
    EXPECT_THAT(parts_, ElementsAre(1, 1)) << "the failure is told with each part";
}

TEST_F(ArtifactTransferTest, HasTheUploadLimitOfTheConfiguration) {
    add_artifact("a");
    put_package(0, "a.zip", "a");
    session_.held_calls = {"open_file"};
    runner_.artifact_upload_timeout = std::chrono::milliseconds(10);
    EXPECT_EQ(upload()->code, 1);
    EXPECT_THAT(channel_.log, HasSubstr("not done within upload_timeout of [runners.artifact]"));
}

TEST_F(ArtifactTransferTest, EndsAtOnceWhenTheJobIsStopped) {
    add_artifact("a");
    add_artifact("b");
    put_package(0, "a.zip", "a");
    session_.held_calls = {"open_file"};
    session_.on_call = [this](tests::FakeSession&, const std::string& call) {
        if (call == "open_file") stop_soon(job_->context, StopReason::kAbort);
    };
    const auto stopped = upload();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
    EXPECT_EQ(session_.stages.size(), 1U);
    EXPECT_THAT(parts_, IsEmpty());
    EXPECT_THAT(channel_.log, Not(HasSubstr("ERROR")));
}

}  // namespace
}  // namespace runner::job
