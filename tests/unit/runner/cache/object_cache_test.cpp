#include "runner/cache/object_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include "base/stop_source.hpp"
#include "runner/cache/azure_provider.hpp"
#include "runner/cache/parted_upload.hpp"
#include "runner/cache/s3_provider.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/runner/cache/fake_storage.hpp"

namespace {

using namespace runner::cache;
using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ObjectCacheTest : public testing::Test {
  protected:
    ObjectCacheTest() {
        runner::config::RunnerConfig runner;
        auto& settings = runner.cache.s3;
        settings.server_address = "storage:9000";
        settings.insecure = true;
        settings.bucket_name = "b";
        settings.access_key = base::Secret("AK");
        settings.secret_key = base::Secret("SK");
        auto provider = make_s3_provider(runner, identities_);
        cache_ = std::make_unique<ObjectCache>(
            std::move(*provider), tests::storage_clients(script_),
            [this](std::chrono::nanoseconds) { return note_pause(); });
        cache_->on_retry([this](const base::Error& why, std::chrono::milliseconds) {
            retries_.push_back(why.message);
        });
    }
    base::Task<bool> note_pause() {
        ++pauses_;
        co_return true;
    }
    base::Result<StoredObject> look(const std::string& object = "o") {
        return tests::run_to_end(context_, cache_->look(object));
    }
    base::Result<std::string> fetch(StoredObject found) {
        return tests::run_to_end(context_, read_all(std::move(found)));
    }
    base::Task<base::Result<std::string>> read_all(StoredObject found) {
        auto fetching = cache_->fetch("o", std::move(found));
        auto source = co_await std::move(fetching);
        if (!source) co_return source.error();
        std::string all;
        while (true) {
            auto reading = (*source)();
            auto piece = co_await std::move(reading);
            if (!piece) co_return piece.error();
            if (piece->empty()) co_return all;
            all += *piece;
        }
    }
    base::Result<StoredObject> store(const std::string& content) {
        Archive archive;
        archive.bytes = content.size();
        archive.key = "my key";
        archive.open = [content](std::uint64_t offset, std::uint64_t count) {
            return tests::pieces_of(content.substr(offset, count));
        };
        return tests::run_to_end(context_, cache_->store("o", std::move(archive)));
    }
    void will_answer(unsigned status, std::string body = "",
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
        script_.answers.push_back({status, std::move(headers), std::move(body), {}});
    }
    void will_break(ErrorKind kind, std::string text, std::string body = "",
                    unsigned status = 200) {
        script_.answers.push_back(
            {status, {}, std::move(body), base::make_error(kind, std::move(text))});
    }
    static std::vector<std::pair<std::string, std::string>> range_from(std::size_t offset) {
        return {{"Content-Range", "bytes " + std::to_string(offset) + "-99/100"}};
    }
    /// Methods and targets without what a signature adds.
    std::vector<std::string> calls() const {
        std::vector<std::string> all;
        for (const auto& request : script_.requests) {
            std::string target = request.target.substr(0, request.target.find("X-Amz-Algorithm"));
            if (target.ends_with('?') || target.ends_with('&')) target.pop_back();
            all.push_back(request.method + " " + target);
        }
        return all;
    }
    std::vector<std::string> methods() const {
        std::vector<std::string> all;
        for (const auto& request : script_.requests) all.push_back(request.method);
        return all;
    }

    boost::asio::io_context context_{1};
    Identities identities_{context_.get_executor()};
    tests::StorageScript script_;
    std::unique_ptr<ObjectCache> cache_;
    std::vector<std::string> retries_;
    int pauses_ = 0;
};

TEST_F(ObjectCacheTest, LooksWithASignedHead) {
    will_answer(200, "", {{"ETag", "\"e1\""}, {"Content-Length", "12"}});
    const auto found = look("project/1/a b");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->etag, "\"e1\"");
    EXPECT_EQ(found->bytes, 12U);
    EXPECT_THAT(script_.endpoints, ElementsAre("http://storage:9000"));
    EXPECT_THAT(methods(), ElementsAre("HEAD"));
    EXPECT_THAT(script_.requests[0].target, StartsWith("/b/project/1/a%20b?X-Amz-Algorithm="));
    EXPECT_EQ(cache_->address("project/1/a b"), "http://storage:9000/b/project/1/a%20b");
}

TEST_F(ObjectCacheTest, TriesTemporaryFailuresThreeTimesAndFinalOnesOnce) {
    struct Case {
        unsigned status;
        bool temporary;
        ErrorKind kind;
    };
    const Case cases[] = {
        {500, true, ErrorKind::kUnavailable}, {503, true, ErrorKind::kUnavailable},
        {429, true, ErrorKind::kUnavailable}, {408, true, ErrorKind::kUnavailable},
        {404, false, ErrorKind::kNotFound},   {400, false, ErrorKind::kProtocol},
        {301, false, ErrorKind::kProtocol}};
    for (const Case& c : cases) {
        script_.requests.clear();
        script_.answers.clear();
        for (int i = 0; i < 3; ++i) will_answer(c.status);
        const auto found = look();
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().kind, c.kind) << c.status;
        // What is refused is asked for its reason.
        const std::size_t final_calls = c.kind == ErrorKind::kProtocol ? 2 : 1;
        EXPECT_EQ(script_.requests.size(), c.temporary ? 3U : final_calls) << c.status;
    }
}

TEST_F(ObjectCacheTest, GoesOnAfterALostConnection) {
    will_break(ErrorKind::kUnavailable, "connection refused");
    will_answer(200, "", {{"Content-Length", "3"}});
    EXPECT_TRUE(look());
    EXPECT_EQ(pauses_, 1);
    EXPECT_THAT(retries_, ElementsAre("connection refused"));
}

TEST_F(ObjectCacheTest, AsksWhyAHeadIsForbidden) {
    will_answer(403);
    will_answer(403,
                "<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>");
    const auto found = look();
    ASSERT_FALSE(found);
    EXPECT_TRUE(found.error().is(ErrorKind::kForbidden));
    EXPECT_EQ(found.error().message, "403 Forbidden (InvalidAccessKeyId: no such key)");
    EXPECT_THAT(methods(), ElementsAre("HEAD", "GET"));
}

TEST_F(ObjectCacheTest, NamesTheRegionOfABucketThatIsElsewhere) {
    for (int i = 0; i < 2; ++i) will_answer(301, "", {{"x-amz-bucket-region", "eu-west-1"}});
    const auto found = look();
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("the bucket is in eu-west-1: set BucketLocation"));
}

TEST_F(ObjectCacheTest, FetchesTheVersionThatWasFound) {
    will_answer(200, "content");
    const auto content = fetch({"\"e1\"", 7});
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, "content");
    EXPECT_EQ(script_.requests[0].headers.get("If-Match"), "\"e1\"");
    EXPECT_EQ(script_.requests[0].headers.get("Range"), "");
}

TEST_F(ObjectCacheTest, AsksForTheRestOfATransferThatWasCut) {
    will_break(ErrorKind::kUnavailable, "reset", "con");
    will_break(ErrorKind::kUnavailable, "refused");
    will_answer(206, "te", range_from(3));  // ends too early, without an error of the connection
    will_answer(206, "nt", range_from(5));
    const auto content = fetch({"\"e1\"", 7});
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, "content");
    EXPECT_EQ(script_.requests[1].headers.get("Range"), "bytes=3-");
    EXPECT_EQ(script_.requests[3].headers.get("Range"), "bytes=5-");
    EXPECT_EQ(script_.requests[3].headers.get("If-Match"), "\"e1\"");
}

TEST_F(ObjectCacheTest, DoesNotMixTwoVersionsOfAnObject) {
    will_break(ErrorKind::kUnavailable, "reset", "con");
    will_answer(412);
    EXPECT_TRUE(fetch({"\"e1\"", 7}).error().is(ErrorKind::kConflict));
    will_break(ErrorKind::kUnavailable, "reset", "con");
    will_answer(200, "content");  // the server does not know ranges
    EXPECT_THAT(fetch({"\"e1\"", 7}).error().message, HasSubstr("does not send the rest alone"));
    will_break(ErrorKind::kUnavailable, "reset", "con");
    will_answer(206, "content", range_from(0));  // another part
    EXPECT_THAT(fetch({"\"e1\"", 7}).error().message, HasSubstr("does not send the rest alone"));
}

TEST_F(ObjectCacheTest, GivesUpATransferThatBreaksAgainAndAgain) {
    will_break(ErrorKind::kUnavailable, "reset", "con");
    for (int i = 0; i < 3; ++i) will_break(ErrorKind::kUnavailable, "refused");
    EXPECT_EQ(fetch({"", 7}).error().message, "refused");
    EXPECT_TRUE(script_.answers.empty());
}

TEST_F(ObjectCacheTest, SignsAddressesForOthers) {
    const auto read =
        tests::run_to_end(context_, cache_->link("a b", LinkPurpose::kRead, "my key"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(read->url, StartsWith("http://storage:9000/b/a%20b?X-Amz-"));
    EXPECT_THAT(read->url, HasSubstr("X-Amz-Signature="));
    EXPECT_THAT(read->headers, testing::IsEmpty());
    const auto write =
        tests::run_to_end(context_, cache_->link("o", LinkPurpose::kWrite, "my key"));
    ASSERT_TRUE(write) << write.error().message;
    EXPECT_THAT(write->headers, testing::Contains(testing::Pair("x-amz-meta-cachekey", "my key")));
    EXPECT_NE(read->url, write->url);
    EXPECT_THAT(methods(), testing::IsEmpty()) << "nothing is sent";
}

TEST_F(ObjectCacheTest, StoresWithLengthTypeAndKey) {
    will_answer(200, "", {{"ETag", "\"e2\""}});
    const auto stored = store("content");
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->etag, "\"e2\"");
    const auto& request = script_.requests.at(0);
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.headers.get("Content-Length"), "7");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/octet-stream");
    EXPECT_EQ(request.headers.get("x-amz-meta-cachekey"), "my key");
    EXPECT_THAT(script_.bodies, ElementsAre("content"));
}

TEST_F(ObjectCacheTest, SendsTheWholeContentInEveryTry) {
    will_answer(500);
    will_break(ErrorKind::kUnavailable, "reset");
    will_answer(200);
    EXPECT_TRUE(store("content"));
    EXPECT_THAT(script_.bodies, ElementsAre("content", "content", "content"));
}

constexpr TransferSizes kSmallParts{3, 2};

TEST_F(ObjectCacheTest, FetchesALargeObjectInRangesAndInOrder) {
    cache_->set_sizes(kSmallParts);
    will_answer(206, "con", range_from(0));
    will_answer(206, "ten", range_from(3));
    will_break(ErrorKind::kUnavailable, "reset", "t", 206);
    script_.answers.back().headers = range_from(6);
    will_answer(206, "of", range_from(7));
    will_answer(206, "s", range_from(9));
    const auto content = fetch({"\"e1\"", 10});
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, "contentofs");
    std::vector<std::string> ranges;
    for (const auto& request : script_.requests) {
        ranges.emplace_back(request.headers.get("Range"));
        EXPECT_EQ(request.headers.get("If-Match"), "\"e1\"");
    }
    EXPECT_THAT(ranges,
                ElementsAre("bytes=0-2", "bytes=3-5", "bytes=6-8", "bytes=7-8", "bytes=9-"));
}

TEST_F(ObjectCacheTest, FetchesInOneRequestWhatHasNoVersionOrIsSmall) {
    cache_->set_sizes(kSmallParts);
    will_answer(200, "contents");
    EXPECT_EQ(fetch({"", 8}).value(), "contents");
    will_answer(200, "conten");
    EXPECT_EQ(fetch({"\"e\"", 6}).value(), "conten");
    cache_->set_sizes({3, 1});
    will_answer(200, "contents");
    EXPECT_EQ(fetch({"\"e\"", 8}).value(), "contents");
}

TEST_F(ObjectCacheTest, FetchesInOneStreamFromAStorageThatIgnoresRanges) {
    cache_->set_sizes(kSmallParts);
    will_answer(200, "contentofs");
    const auto content = fetch({"\"e1\"", 10});
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, "contentofs");
    EXPECT_EQ(script_.requests.size(), 1U);
}

TEST_F(ObjectCacheTest, FetchesWhatHasNoKnownSize) {
    will_answer(200, "", {{"ETag", "\"e1\""}});
    const auto found = look();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->bytes, std::nullopt);
    will_break(ErrorKind::kUnavailable, "reset", "con");
    will_answer(206, "tent", range_from(3));
    EXPECT_EQ(fetch(*found).value(), "content");
    EXPECT_EQ(script_.requests.back().headers.get("Range"), "bytes=3-");
}

TEST_F(ObjectCacheTest, FailsWhenOneRangeFails) {
    cache_->set_sizes(kSmallParts);
    will_answer(206, "con", range_from(0));
    will_answer(412);
    EXPECT_TRUE(fetch({"\"e1\"", 10}).error().is(ErrorKind::kConflict));
}

TEST_F(ObjectCacheTest, StoresALargeArchiveInParts) {
    cache_->set_sizes({4, 1});
    will_answer(200, "<R><UploadId>u&amp;1</UploadId></R>");
    for (const char* tag : {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\""})
        will_answer(200, "", {{"ETag", tag}});
    will_answer(200, "<R><ETag>&quot;whole-5&quot;</ETag></R>");
    const auto stored = store("0123456789abcdefX");
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->etag, "\"whole-5\"");
    EXPECT_EQ(stored->bytes, 17U);
    EXPECT_THAT(
        calls(),
        ElementsAre("POST /b/o?uploads=", "PUT /b/o?partNumber=1&uploadId=u%261",
                    "PUT /b/o?partNumber=2&uploadId=u%261", "PUT /b/o?partNumber=3&uploadId=u%261",
                    "PUT /b/o?partNumber=4&uploadId=u%261", "PUT /b/o?partNumber=5&uploadId=u%261",
                    "POST /b/o?uploadId=u%261"));
    EXPECT_EQ(script_.requests[0].headers.get("x-amz-meta-cachekey"), "my key");
    EXPECT_EQ(script_.requests[5].headers.get("Content-Length"), "1");
    EXPECT_THAT(script_.bodies, testing::Contains("89ab"));
    EXPECT_THAT(script_.bodies.back(),
                HasSubstr("<Part><PartNumber>5</PartNumber><ETag>&quot;e&quot;</ETag></Part>"));
}

TEST_F(ObjectCacheTest, SendsAPartAgainThatFailsForAWhile) {
    cache_->set_sizes({4, 1});
    will_answer(200, "<R><UploadId>u</UploadId></R>");
    will_answer(503);
    will_break(ErrorKind::kUnavailable, "reset");
    for (int i = 0; i < 5; ++i) will_answer(200, "", {{"ETag", "t"}});
    will_answer(200, "<Error><Code>InternalError</Code></Error>");
    will_answer(200, "<R><ETag>w</ETag></R>");
    const auto stored = store("0123456789abcdefX");
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_THAT(retries_, ElementsAre(HasSubstr("503"), "reset", HasSubstr("InternalError")));
    EXPECT_THAT(std::vector(script_.bodies.begin() + 1, script_.bodies.begin() + 5),
                ElementsAre("0123", "0123", "0123", "4567"));
}

TEST_F(ObjectCacheTest, AbortsAnUploadWhosePartIsRefused) {
    cache_->set_sizes({4, 1});
    will_answer(200, "<R><UploadId>u</UploadId></R>");
    will_answer(200, "", {{"ETag", "t"}});
    will_answer(403, "<Error><Code>AccessDenied</Code></Error>");
    will_answer(204);
    const auto stored = store("0123456789abcdefX");
    ASSERT_FALSE(stored);
    EXPECT_TRUE(stored.error().is(ErrorKind::kForbidden));
    EXPECT_EQ(calls().back(), "DELETE /b/o?uploadId=u");
    EXPECT_TRUE(script_.answers.empty());
}

TEST_F(ObjectCacheTest, AbortsAnUploadThatIsStopped) {
    cache_->set_sizes({4, 1});
    will_answer(200, "<R><UploadId>u</UploadId></R>");
    will_answer(204);
    base::StopSource stop;
    Archive archive;
    archive.bytes = 17;
    archive.open = [&](std::uint64_t, std::uint64_t) -> protocol::http::BodySource {
        boost::asio::post(context_, [&stop] { stop.request(base::StopReason::kAbort); });
        return []() -> base::Task<base::Result<std::string>> {
            const bool slept = co_await base::sleep_for(std::chrono::hours(1));
            co_return base::make_error(ErrorKind::kCancelled, slept ? "slept" : "stopped");
        };
    };
    auto storing = base::run_stoppable(&stop, cache_->store("o", std::move(archive)), std::nullopt);
    const auto stored = tests::run_to_end(context_, std::move(storing));
    ASSERT_FALSE(stored);
    EXPECT_TRUE(stored.error().is(ErrorKind::kCancelled));
    EXPECT_EQ(calls().back(), "DELETE /b/o?uploadId=u");
}

TEST(TransferSizesOfAJob, KeepToWhatAStorageTakes) {
    EXPECT_EQ(transfer_sizes(0, 0).part_bytes, 16U << 20U);
    EXPECT_EQ(transfer_sizes(0, 0).at_once, 4U);
    EXPECT_EQ(transfer_sizes(1, 1).part_bytes, 5U << 20U);
    EXPECT_EQ(transfer_sizes(1, 1).at_once, 1U);
    EXPECT_EQ(transfer_sizes(1LL << 40U, 1000).part_bytes, 1U << 30U);
    EXPECT_EQ(transfer_sizes(-1, 1000).at_once, 16U);
    constexpr std::uint64_t kMebibyte = 1ULL << 20U;
    EXPECT_EQ(part_bytes_for(100 * kMebibyte, 16 * kMebibyte), 16 * kMebibyte);
    const std::uint64_t huge = 5'000'000 * kMebibyte;
    EXPECT_LE(huge / part_bytes_for(huge, 16 * kMebibyte), 10'000U);
}

class AzureBlocks : public testing::Test {
  protected:
    boost::asio::io_context context_{1};
    Identities identities_{context_.get_executor()};
    tests::StorageScript script_;
};

TEST_F(AzureBlocks, AreNamedAndPutTogether) {
    runner::config::RunnerConfig runner;
    runner.cache.azure.account_name = "team";
    runner.cache.azure.account_key = base::Secret("a2V5");
    runner.cache.azure.container_name = "c";
    ObjectCache cache(*make_azure_provider(runner, identities_), tests::storage_clients(script_),
                      [](std::chrono::nanoseconds) -> base::Task<bool> { co_return true; });
    cache.set_sizes({4, 1});
    for (int i = 0; i < 5; ++i) script_.answers.push_back({201, {}, "", {}});
    script_.answers.push_back({201, {{"ETag", "\"0x8\""}}, "", {}});
    Archive archive;
    archive.bytes = 17;
    archive.key = "k";
    archive.open = [](std::uint64_t offset, std::uint64_t count) {
        return tests::pieces_of(std::string("0123456789abcdefX").substr(offset, count));
    };
    const auto stored = tests::run_to_end(context_, cache.store("o", std::move(archive)));
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->etag, "\"0x8\"");
    for (int i = 0; i < 5; ++i)
        EXPECT_THAT(script_.requests[i].target, StartsWith("/c/o?comp=block&blockid="));
    EXPECT_NE(script_.requests[0].target, script_.requests[1].target);
    const auto& last = script_.requests.back();
    EXPECT_THAT(last.target, StartsWith("/c/o?comp=blocklist&"));
    EXPECT_EQ(last.headers.get("x-ms-meta-cachekey"), "k");
    EXPECT_EQ(last.headers.get("x-ms-blob-type"), "");
    EXPECT_THAT(script_.bodies.back(), HasSubstr("<BlockList><Latest>"));
}

}  // namespace
