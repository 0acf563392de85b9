#include "protocol/http/resumed_response.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <memory>

#include "tests/support/run_to_end.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::ElementsAre;

/// What a server answers to one request: a head, a body, and how the body ends.
struct Answer {
    Response head;
    std::string body;
    std::optional<ErrorKind> failure;
};

class FakeBody final : public StreamingResponse {
  public:
    explicit FakeBody(Answer answer) : answer_(std::move(answer)) {}
    [[nodiscard]] const Response& head() const override { return answer_.head; }
    base::Task<base::Result<std::string>> read_some(std::size_t) override {
        if (answer_.body.empty() && answer_.failure)
            co_return base::make_error(*answer_.failure, "cut");
        co_return std::exchange(answer_.body, {});
    }

  private:
    Answer answer_;
};

Response head(unsigned status, std::vector<std::pair<std::string, std::string>> fields) {
    Response response;
    response.status = status;
    for (auto& [name, value] : fields) response.headers.set(name, value);
    return response;
}

Answer whole(std::string body, std::optional<ErrorKind> failure = std::nullopt) {
    return {head(200, {{"ETag", "\"1\""}}), std::move(body), failure};
}
Answer part(std::size_t offset, std::string body, std::optional<ErrorKind> failure = std::nullopt) {
    const std::string range = "bytes " + std::to_string(offset) + "-8/9";
    return {head(206, {{"Content-Range", range}}), std::move(body), failure};
}

class Resuming : public testing::Test {
  protected:
    using Opened = base::Result<std::unique_ptr<StreamingResponse>>;

    base::Task<Opened> next_answer(Headers range) {
        asked_.push_back(std::string(range.get("Range")) + " " +
                         std::string(range.get("If-Range")));
        if (later_.empty()) co_return base::make_error(ErrorKind::kUnavailable, "refused");
        Answer answer = std::move(later_.front());
        later_.pop_front();
        co_return std::make_unique<FakeBody>(std::move(answer));
    }
    base::Task<base::Result<std::string>> read(Answer first) {
        auto open = [this](Headers range) { return next_answer(std::move(range)); };
        auto resumed = [this](const base::Error&, std::uint64_t offset) {
            resumed_.push_back(offset);
        };
        auto no_pause = [this](std::chrono::nanoseconds pause) { return note(pause); };
        ResumedResponse response(std::make_unique<FakeBody>(std::move(first)), open, resumed,
                                 no_pause);
        std::string all;
        while (true) {
            auto piece = co_await response.read_some(100);
            if (!piece) co_return piece.error();
            if (piece->empty()) co_return all;
            all += *piece;
        }
    }
    base::Task<bool> note(std::chrono::nanoseconds pause) {
        pauses_.push_back(std::chrono::duration_cast<std::chrono::seconds>(pause).count());
        co_return true;
    }
    base::Result<std::string> run(Answer first) {
        return tests::run_to_end(read(std::move(first)));
    }

    std::deque<Answer> later_;
    std::vector<std::string> asked_;
    std::vector<std::uint64_t> resumed_;
    std::vector<std::int64_t> pauses_;
};

TEST_F(Resuming, GoesOnWhereEachAnswerWasCut) {
    later_.push_back(part(3, "456", ErrorKind::kUnavailable));
    later_.push_back(part(6, "789"));
    auto all = run(whole("123", ErrorKind::kUnavailable));
    ASSERT_TRUE(all);
    EXPECT_EQ(*all, "123456789");
    EXPECT_THAT(asked_, ElementsAre("bytes=3- \"1\"", "bytes=6- \"1\""));
    EXPECT_THAT(resumed_, ElementsAre(3, 6));
}

TEST_F(Resuming, TriesAgainAfterAnErrorOfTheServer) {
    later_.push_back({head(503, {}), "", std::nullopt});
    later_.push_back(part(3, "456"));
    auto all = run(whole("123", ErrorKind::kUnavailable));
    ASSERT_TRUE(all);
    EXPECT_EQ(*all, "123456");
}

TEST_F(Resuming, EndsWithTheCutWhenTheServerSendsAnotherBody) {
    later_.push_back(whole("abc"));
    later_.push_back(part(3, "456"));
    auto all = run(whole("123", ErrorKind::kUnavailable));
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().message, "cut: the server does not send the rest alone (200)");
    EXPECT_TRUE(all.error().is(ErrorKind::kConflict));
    EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(Resuming, EndsAfterThreeTriesWithoutAByte) {
    later_.push_back(part(3, "", ErrorKind::kUnavailable));
    EXPECT_FALSE(run(whole("123", ErrorKind::kUnavailable)));
    EXPECT_EQ(asked_.size(), 3U);
    EXPECT_THAT(pauses_, ElementsAre(0, 1, 2));
}

TEST_F(Resuming, BeginsAgainWhenNothingHasCome) {
    later_.push_back(whole("123456"));
    EXPECT_EQ(run(whole("", ErrorKind::kUnavailable)).value(), "123456");
    EXPECT_THAT(asked_, ElementsAre("bytes=0- \"1\""));
}

TEST_F(Resuming, TriesAgainWhereTheServerIsBusyAndNotWhereItRefuses) {
    for (const unsigned busy : {408U, 429U, 500U, 503U}) {
        later_.push_back({head(busy, {}), "", std::nullopt});
        later_.push_back(part(3, "4"));
        EXPECT_TRUE(run(whole("123", ErrorKind::kUnavailable))) << busy;
    }
    for (const unsigned refused : {403U, 404U, 412U, 416U}) {
        later_.clear();
        later_.push_back({head(refused, {}), "", std::nullopt});
        later_.push_back(part(3, "4"));
        EXPECT_FALSE(run(whole("123", ErrorKind::kUnavailable))) << refused;
    }
}

base::Task<base::Result<std::string>> read_all(ResumedBody& body) {
    auto opening = body.open();
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    std::string all;
    while (true) {
        auto piece = co_await body.read_some(100);
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return all;
        all += *piece;
    }
}

TEST_F(Resuming, KnowsTheEndOfARange) {
    auto open = [this](std::uint64_t offset) {
        Headers range;
        range.set("Range", std::to_string(offset));
        return next_answer(std::move(range));
    };
    ResumedBody::Options options;
    options.begin = 3;
    options.end = 7;
    options.sleep = [this](std::chrono::nanoseconds pause) { return note(pause); };
    later_.push_back({head(503, {}), "", std::nullopt});
    later_.push_back(part(3, "45"));  // ends too early, without an error of the connection
    later_.push_back(part(5, "6789"));
    ResumedBody body(open, options);
    EXPECT_EQ(tests::run_to_end(read_all(body)).value(), "4567");
    EXPECT_THAT(asked_, ElementsAre("3 ", "3 ", "5 "));
    EXPECT_THAT(pauses_, ElementsAre(1, 0));
}

TEST_F(Resuming, DoesNotWaitForWhatComesBehindTheEnd) {
    ResumedBody::Options options;
    options.end = 4;
    // To read once more would fail.
    auto first = std::make_unique<FakeBody>(part(0, "12345", ErrorKind::kTimeout));
    ResumedBody body({}, options, std::move(first));
    EXPECT_EQ(tests::run_to_end(read_all(body)).value(), "1234");
}

TEST_F(Resuming, LeavesOtherFailuresAndUnnamedVersionsAlone) {
    EXPECT_FALSE(run(whole("123", ErrorKind::kTimeout)));
    EXPECT_FALSE(run({head(200, {}), "123", ErrorKind::kUnavailable}));
    EXPECT_TRUE(asked_.empty());
}

TEST(VersionOfAnAnswer, IsAStrongTagElseTheDate) {
    EXPECT_EQ(version_of(head(200, {{"ETag", "\"a\""}, {"Last-Modified", "x"}})), "\"a\"");
    EXPECT_EQ(version_of(head(200, {{"ETag", "W/\"a\""}, {"Last-Modified", "x"}})), "x");
    EXPECT_EQ(version_of(head(200, {{"ETag", "\"a\""}, {"Accept-Ranges", "none"}})), "");
    EXPECT_EQ(version_of(head(206, {{"ETag", "\"a\""}})), "");
    EXPECT_EQ(version_of(head(200, {})), "");
}

TEST(PartOfABody, BeginsAtTheOffsetThatTheServerNames) {
    EXPECT_TRUE(begins_at(head(206, {{"Content-Range", "bytes 12-20/21"}}), 12));
    EXPECT_FALSE(begins_at(head(206, {{"Content-Range", "bytes 12-20/21"}}), 1));
    EXPECT_FALSE(begins_at(head(200, {{"Content-Range", "bytes 12-20/21"}}), 12));
    EXPECT_FALSE(begins_at(head(206, {}), 0));
}

}  // namespace
}  // namespace protocol::http
