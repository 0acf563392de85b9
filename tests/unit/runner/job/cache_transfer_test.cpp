#include <gmock/gmock.h>

#include "runner/job/cache_archive.hpp"
#include "runner/job/cache_linker.hpp"
#include "runner/job/cache_restore.hpp"
#include "tests/support/fake_remote_cache.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kNothing = 3;
constexpr int kUnchanged = 4;

/// A job with an object storage; the supervisor's scripts end as `session_.exits` says.
class CacheTransferTest : public tests::JobFixture {
  protected:
    CacheTransferTest() {
        payload_.job_info.project_id = 42;
        runner_.cache.type = "s3";
        add_cache("key");
    }
    void add_cache(const std::string& key, const std::string& policy = "") {
        protocol::gitlab::Cache cache;
        cache.key = key;
        cache.policy = policy;
        cache.paths = {"vendor"};
        cache.when = "on_success";
        payload_.cache.push_back(cache);
    }
    void scripts_exit(std::initializer_list<int> codes) {
        session_.exits.clear();
        for (const int code : codes) session_.exits.push_back(tests::exit_with(code));
    }
    template <typename Work>
    StageResult with_parts(Work work) {
        auto made = setup();
        made.cache = std::make_unique<tests::FakeRemoteCache>(storage_);
        Parts job(context_.get_executor(), std::move(made), session_);
        ScriptRunner scripts(job.context, job.session);
        script::ScriptSettings settings;
        settings.helper = "/helper";
        settings.cache_dir = "/cache";
        settings.project_slug = "g/p";
        const script::JobScripts writers(job.context.payload(), job.context.runner(),
                                         job.context.behaviour, settings);
        CacheSteps steps(job.context, scripts, writers, now_);
        return run(work(job.context, steps));
    }
    int restore() {
        const auto done = with_parts(
            [](JobContext& context, CacheSteps& steps) { return run_restore(context, steps); });
        return done ? done->code : -1;
    }
    int archive() {
        const auto done = with_parts(
            [](JobContext& context, CacheSteps& steps) { return run_archive(context, steps); });
        return done ? done->code : -1;
    }
    static base::Task<StageResult> run_restore(JobContext& context, CacheSteps& steps) {
        CacheRestore restoring(context, steps);
        auto running = restoring.run();
        auto done = co_await std::move(running);
        co_return std::move(done);
    }
    static base::Task<StageResult> run_archive(JobContext& context, CacheSteps& steps) {
        PlannedStage stage;
        stage.kind = StageKind::kArchiveCache;
        CacheArchive archiving(context, steps);
        auto running = archiving.run(stage);
        auto done = co_await std::move(running);
        co_return std::move(done);
    }
    script::CacheLinks links(bool to_save) {
        script::CacheLinks made;
        const auto done = with_parts([&](JobContext& context, CacheSteps& steps) {
            return run_links(context, steps, to_save, made);
        });
        EXPECT_TRUE(done);
        return made;
    }
    static base::Task<StageResult> run_links(JobContext& context, CacheSteps& steps, bool to_save,
                                             script::CacheLinks& links) {
        CacheLinker linker(context, steps);
        PlannedStage stage;
        stage.kind = to_save ? StageKind::kArchiveCache : StageKind::kRestoreCache;
        stage.on_success = true;
        auto linking = linker.for_stage(stage);
        links = co_await std::move(linking);
        co_return StageResult{};
    }
    std::string script(std::size_t index) { return session_.stages.at(index).script; }

    tests::RemoteCacheScript storage_;
    CacheSteps::Now now_ = std::chrono::steady_clock::now;
    static constexpr const char* kObject = "runner/abc/project/42/key";
};

TEST_F(CacheTransferTest, FetchesAnObjectAndUnpacksIt) {
    storage_.objects[kObject] = "zip";
    scripts_exit({kNothing, 0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(storage_.calls,
                ElementsAre("look runner/abc/project/42/key", "fetch runner/abc/project/42/key"));
    ASSERT_EQ(session_.file_calls.size(), 1U);
    EXPECT_EQ(session_.file_calls[0].path, "/cache/g/p/key/cache.zip.fetched");
    EXPECT_EQ(session_.file_calls[0].content, "zip");
    EXPECT_THAT(script(0), HasSubstr("etag etag of zip\n"));
    EXPECT_THAT(script(1), HasSubstr("fetched /cache/g/p/key/cache.zip.fetched\n"));
    EXPECT_THAT(channel_.log,
                HasSubstr("Checking cache for key...\n"
                          "Downloading cache from https://storage/runner/abc/project/42/key  "
                          "ETag=etag of zip\nSuccessfully extracted cache\n"));
}

TEST_F(CacheTransferTest, DoesNotFetchWhatIsOnThisHostAlready) {
    storage_.objects[kObject] = "zip";
    scripts_exit({0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(storage_.calls, ElementsAre("look runner/abc/project/42/key"));
    EXPECT_THAT(channel_.log, HasSubstr("cache.zip is up to date\n"));
}

TEST_F(CacheTransferTest, TriesTheFallbacksUntilOneIsThere) {
    payload_.cache[0].fallback_keys = {"first", "second", "third"};
    storage_.objects["runner/abc/project/42/second"] = "zip";
    scripts_exit({kNothing, kNothing, kNothing, 0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("Checking cache for key...\nWARNING: file does not "
                                        "exist\n\x1b[0;33mFailed to extract cache\x1b[0;m\n"
                                        "Checking cache for first...\n"));
    EXPECT_THAT(channel_.log, HasSubstr("Successfully extracted cache\n"));
    EXPECT_THAT(channel_.log, Not(HasSubstr("third")));
}

TEST_F(CacheTransferTest, UsesACopyThatTheStorageNeverHad) {
    scripts_exit({0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(script(0), HasSubstr("unsent"));
    EXPECT_THAT(channel_.log, HasSubstr("only on this host, it was not uploaded"));
    EXPECT_THAT(channel_.log, HasSubstr("Successfully extracted cache\n"));
}

TEST_F(CacheTransferTest, SaysThatTheCopyOnThisHostIsUsedWhenTheStorageFails) {
    storage_.failures["look"] = {base::make_error(ErrorKind::kForbidden, "403 Forbidden")};
    scripts_exit({0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(script(0), Not(HasSubstr("unsent")));
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: 403 Forbidden; the copy of the cache on this "
                                        "host is used, if there is one\n"
                                        "Successfully extracted cache\n"));
}

TEST_F(CacheTransferTest, AFailedDownloadDoesNotFailTheJob) {
    storage_.objects[kObject] = "zip";
    storage_.failures["fetch"] = {base::make_error(ErrorKind::kUnavailable, "reset")};
    scripts_exit({kNothing, 1});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: reset; the copy"));
    EXPECT_THAT(channel_.log, HasSubstr("Failed to extract cache\x1b[0;m\n"));
}

TEST_F(CacheTransferTest, EndsATransferAfterTheMinutesOfTheJob) {
    storage_.objects[kObject] = "zip";
    storage_.held = {"fetch"};
    payload_.variables.push_back({.key = "CACHE_REQUEST_TIMEOUT", .value = "2"});
    int asked = 0;
    // The transfer begins two minutes before everything else.
    now_ = [&asked] {
        const auto now = std::chrono::steady_clock::now();
        return ++asked == 1 ? now - std::chrono::minutes(2) : now;
    };
    scripts_exit({kNothing, kNothing});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("not done within CACHE_REQUEST_TIMEOUT, 2 minutes"));
}

TEST_F(CacheTransferTest, KeepsThePolicy) {
    payload_.cache[0].policy = "push";
    EXPECT_EQ(restore(), 0);
    payload_.cache[0].policy = "pull";
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(storage_.calls, IsEmpty());
    EXPECT_THAT(session_.stages, IsEmpty());
    EXPECT_THAT(channel_.log, HasSubstr("Not downloading cache key due to policy"));
    EXPECT_THAT(channel_.log, HasSubstr("Not uploading cache key due to policy"));
    payload_.cache[0].policy = "often";
    EXPECT_EQ(restore(), -1);
}

TEST_F(CacheTransferTest, SendsWhatWasPackedAndNotesIt) {
    session_.files["/cache/g/p/key/cache.zip"] = "packed";
    scripts_exit({0, 0});
    EXPECT_EQ(archive(), 0);
    EXPECT_EQ(storage_.objects[kObject], "packed");
    EXPECT_EQ(storage_.keys[kObject], "key");
    EXPECT_THAT(script(0), HasSubstr("detailed"));
    EXPECT_THAT(script(1), HasSubstr("do cache-note\nfile /cache/g/p/key/cache.zip\n"
                                     "etag etag of packed\n"));
    EXPECT_THAT(channel_.log,
                HasSubstr("Creating cache key...\nUploading cache.zip to "
                          "https://storage/runner/abc/project/42/key\nCreated cache\n"));
}

TEST_F(CacheTransferTest, DoesNotSendAgainWhatTheStorageHas) {
    session_.files["/cache/g/p/key/cache.zip"] = "packed";
    storage_.objects[kObject] = "packed";
    scripts_exit({kUnchanged});
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(storage_.calls, ElementsAre("look runner/abc/project/42/key"));
    storage_.objects.clear();  // somebody has removed the object
    storage_.calls.clear();
    scripts_exit({kUnchanged, 0});
    EXPECT_EQ(archive(), 0);
    EXPECT_EQ(storage_.objects[kObject], "packed");
}

TEST_F(CacheTransferTest, KeepsWhatIsTooLargeOnThisHost) {
    session_.files["/cache/g/p/key/cache.zip"] = "packed";
    runner_.cache.max_uploaded_archive_size = 5;
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(storage_.calls, IsEmpty());
    EXPECT_THAT(channel_.log, HasSubstr("Cache archive size (6) is too big (Limit is set to 5). "
                                        "Cache will be stored only locally.\nCreated cache\n"));
    runner_.cache.max_uploaded_archive_size = 6;
    EXPECT_EQ(archive(), 0);
    EXPECT_EQ(storage_.objects[kObject], "packed");
}

TEST_F(CacheTransferTest, TheJobsLimitCountsWhereTheConfigurationHasNone) {
    session_.files["/cache/g/p/key/cache.zip"] = "packed";
    protocol::gitlab::Variable limit;
    limit.key = "CACHE_MAX_UPLOADED_ARCHIVE_SIZE";
    limit.value = "5";
    payload_.variables = {limit};
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(storage_.calls, IsEmpty());
    runner_.cache.max_uploaded_archive_size = 100;
    EXPECT_EQ(archive(), 0);
    EXPECT_EQ(storage_.objects[kObject], "packed");
}

TEST_F(CacheTransferTest, SaysThatAFailedUploadIsOnThisHostOnly) {
    session_.files["/cache/g/p/key/cache.zip"] = "packed";
    storage_.failures["store"] = {base::make_error(ErrorKind::kForbidden, "403 Forbidden")};
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: 403 Forbidden; the cache is not in the object "
                                        "storage, but only on this host\n"
                                        "\x1b[0;33mFailed to create cache\x1b[0;m\n"));
}

TEST_F(CacheTransferTest, SendsNothingWhenNothingWasSelected) {
    scripts_exit({kNothing});
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(storage_.calls, IsEmpty());
}

TEST_F(CacheTransferTest, ShowsHowFarATransferIs) {
    storage_.objects[kObject] = "zip";
    scripts_exit({kNothing, 0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, Not(HasSubstr("Downloading cache 3 B")));
    payload_.variables.push_back({.key = "TRANSFER_METER_FREQUENCY", .value = "2s"});
    scripts_exit({kNothing, 0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("Downloading cache 3 B ("));
    session_.files["/cache/g/p/key/cache.zip"] = "content";
    scripts_exit({0, 0});
    EXPECT_EQ(archive(), 0);
    EXPECT_THAT(channel_.log, HasSubstr("Uploading cache 7 B ("));
}

TEST_F(CacheTransferTest, LeavesAddressesOutWhenTheConfigurationSaysSo) {
    runner_.cache.redact_url = true;
    storage_.objects[kObject] = "zip";
    scripts_exit({kNothing, 0});
    EXPECT_EQ(restore(), 0);
    EXPECT_THAT(channel_.log, Not(HasSubstr("https://")));
}

TEST_F(CacheTransferTest, AddressesForADriverFollowThePolicies) {
    payload_.cache[0].fallback_keys = {"other"};
    add_cache("pulled", "pull");
    add_cache("pushed", "push");
    const auto to_restore = links(false);
    EXPECT_EQ(to_restore.size(), 3U);
    EXPECT_THAT(to_restore.at("other").url, testing::EndsWith("/project/42/other?get"));
    EXPECT_TRUE(to_restore.contains("pulled"));
    const auto to_save = links(true);
    EXPECT_EQ(to_save.size(), 2U);
    EXPECT_THAT(to_save.at("pushed").url, testing::EndsWith("?put"));
    EXPECT_THAT(to_save.at("key").headers, ElementsAre(testing::Pair("x-meta-cachekey", "key")));
}

TEST_F(CacheTransferTest, AStorageWithoutCredentialsLeavesADriversCachesWhereTheyAre) {
    storage_.failures["link"] = {base::make_error(ErrorKind::kConfiguration, "no keys")};
    EXPECT_THAT(links(false), IsEmpty());
    EXPECT_THAT(channel_.log, HasSubstr("The object storage of caches is not used: no keys"));
}

}  // namespace
}  // namespace runner::job
