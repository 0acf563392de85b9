#include "runner/status/log_stream.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fstream>

#include "base/files.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::status {
namespace {

using testing::HasSubstr;

/// A log that is written while it is read.
class LogStreamTest : public testing::Test {
  protected:
    void append(std::string_view text) {
        log_ += text;
        std::ofstream(file_, std::ios::app) << text;
        if (!feed_) {
            base::UniqueFd fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
            feed_ = std::make_shared<trace::LogFeed>(context_.get_executor(), std::move(fd), 0);
        }
        feed_->grow(log_.size());
    }
    std::string next() {
        auto piece = tests::run_until_done(context_, (*response_.source)());
        return piece ? *piece : piece.error().message;
    }
    void follow(std::uint64_t from) { response_ = stream_log(feed_, from); }

    tests::TempDir directory_;
    std::filesystem::path file_ = directory_.path() / "log";
    std::string log_;
    boost::asio::io_context context_{1};
    std::shared_ptr<trace::LogFeed> feed_;
    protocol::http::Response response_;
};

TEST_F(LogStreamTest, SendsWhatIsThereThenWhatComes) {
    append("one\n");
    follow(0);
    EXPECT_EQ(response_.headers.get("Content-Type"), "text/event-stream");
    EXPECT_EQ(next(), "id: 4\ndata: \"one\\n\"\n\n");
    append("two\n");
    EXPECT_EQ(next(), "id: 8\ndata: \"two\\n\"\n\n");
}

TEST_F(LogStreamTest, ContinuesAtAByte) {
    append("one\ntwo\n");
    follow(4);
    EXPECT_EQ(next(), "id: 8\ndata: \"two\\n\"\n\n");
}

TEST_F(LogStreamTest, AStartBeyondTheLogIsItsEnd) {
    append("one\n");
    follow(1000);
    append("two\n");
    EXPECT_EQ(next(), "id: 8\ndata: \"two\\n\"\n\n");
}

TEST_F(LogStreamTest, WakesWhenTheLogGrows) {
    append("");
    follow(0);
    boost::asio::post(context_, [this] { append("late\n"); });
    EXPECT_EQ(next(), "id: 5\ndata: \"late\\n\"\n\n");
}

TEST_F(LogStreamTest, EndsWithTheOutcome) {
    append("one\n");
    follow(0);
    feed_->end({.success = false, .reason = "script_failure", .message = "exit code 1"});
    EXPECT_EQ(next(), "id: 4\ndata: \"one\\n\"\n\n");
    EXPECT_EQ(next(),
              "event: end\ndata: "
              "{\"state\":\"failed\",\"reason\":\"exit code 1\",\"failure_reason\":\"script_"
              "failure\"}\n\n");
    EXPECT_EQ(next(), "");
    follow(4);
    EXPECT_THAT(next(), HasSubstr("event: end")) << "a reader that comes again hears it, too";
}

TEST_F(LogStreamTest, CutsALongLogBetweenCharacters) {
    std::string log(32767, 'x');
    for (int i = 0; i < 20'000; ++i) log += "\u20ac";
    append(log);
    follow(0);
    for (const auto* id : {"id: 32767\n", "id: 65533\n"}) {
        const std::string event = next();
        EXPECT_TRUE(event.starts_with(id)) << event.substr(0, 20);
        EXPECT_EQ(event.find("\ufffd"), std::string::npos);
    }
}

TEST_F(LogStreamTest, IsReadableAfterTheJobHasRemovedItsFile) {
    append("one\n");
    follow(0);
    std::filesystem::remove(file_);
    EXPECT_EQ(next(), "id: 4\ndata: \"one\\n\"\n\n");
}

TEST(LogEvents, OfAnEndedJobAreTheEndOnly) {
    const auto response = stream_end({.success = true});
    boost::asio::io_context context(1);
    EXPECT_EQ(*tests::run_until_done(context, (*response.source)()),
              "event: end\ndata: {\"state\":\"success\",\"reason\":\"\",\"failure_reason\":\"\"}"
              "\n\n");
    EXPECT_EQ(*tests::run_until_done(context, (*response.source)()), "");
}

TEST(LogEvents, KeepEveryEventOnItsLines) {
    EXPECT_EQ(log_event("a\r\n\"b\"\x1b[0m", 9), "id: 9\ndata: \"a\\r\\n\\\"b\\\"\\u001b[0m\"\n\n");
}

}  // namespace
}  // namespace runner::status
