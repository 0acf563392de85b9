#include "runner/script/cache_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::CacheWriter;
using runner::script::ScriptContext;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

/// A job with one cache of one path.
ScriptJob job_with_cache(std::string key, std::string policy = "") {
    ScriptJob job;
    protocol::gitlab::Cache cache;
    cache.key = std::move(key);
    cache.policy = std::move(policy);
    cache.paths = {"vendor"};
    job.payload.cache = {cache};
    return job;
}

/// The script, or the message of the error.
std::string text_of(const base::Result<std::string>& script) {
    return script ? *script : "error: " + script.error().message;
}

std::string restore(const ScriptJob& job) {
    return job.with_context(
        [](const ScriptContext& context) { return text_of(CacheWriter(context).restore()); });
}

std::string archive(const ScriptJob& job, bool success = true) {
    return job.with_context([&](const ScriptContext& context) {
        return text_of(CacheWriter(context).archive(success));
    });
}

TEST(CacheScripts, NameTheFileByProjectAndKey) {
    ScriptJob job = job_with_cache("deps-$VERSION");
    job.set("VERSION", "2");
    EXPECT_THAT(restore(job), HasSubstr("file /cache/g/p/deps-2/cache.zip\n"));
    EXPECT_THAT(archive(job), HasSubstr("file /cache/g/p/deps-2/cache.zip\n"));
}

TEST(CacheScripts, HaveTheFileOfAKeyWithALineBreakOnOneLine) {
    const ScriptJob job = job_with_cache("a\nb");
    const std::string file = job.with_context([](const ScriptContext& context) {
        return CacheWriter(context).file({"a\nb", "a\nb"});
    });
    EXPECT_EQ(file, "/cache/g/p/a b/cache.zip");
    EXPECT_THAT(archive(job), HasSubstr("file " + file + "\n"));
}

TEST(CacheScripts, UseJobAndRefAsTheDefaultKey) {
    ScriptJob job = job_with_cache("");
    job.payload.job_info.name = "build";
    job.payload.git_info.ref = "main";
    EXPECT_THAT(restore(job), HasSubstr("/cache/g/p/build/main/cache.zip"));
}

TEST(CacheScripts, FollowThePolicy) {
    EXPECT_THAT(restore(job_with_cache("k", "push")),
                HasSubstr("Not downloading cache k due to policy"));
    EXPECT_THAT(archive(job_with_cache("k", "push")), HasSubstr("Creating cache k..."));
    EXPECT_THAT(restore(job_with_cache("k", "pull")), HasSubstr("Checking cache for k..."));
    EXPECT_THAT(archive(job_with_cache("k", "pull")),
                HasSubstr("Not uploading cache k due to policy"));
    EXPECT_EQ(restore(job_with_cache("k", "often")), "error: unknown cache policy often for k");
    EXPECT_EQ(archive(job_with_cache("k", "often")), "error: unknown cache policy often for k");
}

TEST(CacheScripts, SkipAKeyThatNamesNothing) {
    EXPECT_THAT(restore(job_with_cache("..")),
                HasSubstr("Skipping cache extraction due to empty cache key"));
    EXPECT_THAT(archive(job_with_cache("..")),
                HasSubstr("Skipping cache archiving due to empty cache key"));
}

TEST(CacheScripts, TryTheFallbacksInTheirOrder) {
    ScriptJob job = job_with_cache("own");
    job.payload.cache[0].fallback_keys = {"first", "..", "second"};
    job.set("CACHE_FALLBACK_KEY", "last");
    const std::string text = restore(job);
    std::size_t at = 0;
    for (const char* key : {"/own/", "/first/", "/second/", "/last/"}) {
        at = text.find(key, at);
        ASSERT_NE(at, std::string::npos) << key << " is missing or too early in\n" << text;
    }
}

TEST(CacheScripts, DoNotFallBackToCachesOfProtectedBranches) {
    ScriptJob job = job_with_cache("own");
    job.set("CACHE_FALLBACK_KEY", "main-protected. ");
    EXPECT_THAT(restore(job), HasSubstr("is not used: it names caches of protected branches"));
    EXPECT_THAT(restore(job), Not(HasSubstr("/main-protected")));
}

TEST(CacheScripts, MakeAZipOfAFormatThatIsNoCacheFormat) {
    const auto archive_as = [](const std::string& format) {
        ScriptJob job = job_with_cache("k");
        job.set("CACHE_COMPRESSION_FORMAT", format);
        return archive(job);
    };
    for (const char* format : {"", "zip", "ZIP"}) {
        EXPECT_THAT(archive_as(format), HasSubstr("\nformat zip\n"));
        EXPECT_THAT(archive_as(format), Not(HasSubstr("is not a format of caches")));
    }
    for (const char* format : {"tarzstd", "TarZstd"})
        EXPECT_THAT(archive_as(format), HasSubstr("\nformat tarzstd\n"));
    EXPECT_THAT(archive_as("zipZstd"), HasSubstr("\nformat zipzstd\n"));
    for (const char* format : {"gzip", "raw", "nonsense", "tar zstd"}) {
        EXPECT_THAT(archive_as(format), HasSubstr("\nformat zip\n"));
        EXPECT_THAT(archive_as(format), HasSubstr("is not a format of caches, zip is used"));
    }
}

TEST(CacheScripts, SaveOnlyCachesForTheJobsOutcome) {
    ScriptJob job = job_with_cache("k");
    EXPECT_THAT(archive(job, false), Not(HasSubstr("Creating cache")));
    job.payload.cache[0].when = "on_failure";
    EXPECT_THAT(archive(job, false), HasSubstr("Creating cache"));
    EXPECT_THAT(archive(job, true), Not(HasSubstr("Creating cache")));
}

}  // namespace
