#include "runner/cache/object_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
        runner::config::S3CacheSettings settings;
        settings.server_address = "storage:9000";
        settings.insecure = true;
        settings.bucket_name = "b";
        settings.access_key = base::Secret("AK");
        settings.secret_key = base::Secret("SK");
        auto provider = make_s3_provider(settings);
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
    std::vector<std::string> methods() const {
        std::vector<std::string> all;
        for (const auto& request : script_.requests) all.push_back(request.method);
        return all;
    }

    boost::asio::io_context context_{1};
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
    will_answer(206, "te");  // ends too early, without an error of the connection
    will_answer(206, "nt");
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
}

TEST_F(ObjectCacheTest, GivesUpATransferThatBreaksAgainAndAgain) {
    will_break(ErrorKind::kUnavailable, "reset", "con");
    for (int i = 0; i < 2; ++i) will_break(ErrorKind::kUnavailable, "refused");
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

}  // namespace
