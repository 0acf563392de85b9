#include "executors/session/direct_stream.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <array>
#include <string>

#include "executors/helper/protocol.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/run_to_end.hpp"

namespace executors::session {
namespace {

using base::ErrorKind;
using base::Task;
using helper::make_frame;

class DirectStreamTest : public testing::Test {
  protected:
    /// Opens a port, says "hello", and reads to the end.
    Task<base::Result<std::string>> talk() {
        auto opening = open_port(peer_.stream(), "web", 80);
        auto stream = co_await std::move(opening);
        if (!stream) co_return stream.error();
        auto said = co_await (*stream)->write_all("hello");
        if (!said) co_return said.error();
        peer_.hang_up();
        std::string all;
        std::array<char, 3> buffer{};
        while (true) {
            auto count = co_await (*stream)->read_some(buffer);
            if (!count) co_return count.error();
            if (*count == 0) co_return all;
            all.append(buffer.data(), *count);
        }
    }
    base::Result<std::string> run() { return tests::run_to_end(context_, talk()); }

    boost::asio::io_context context_{1};
    tests::MemoryPeer peer_{context_.get_executor()};
};

TEST_F(DirectStreamTest, CarriesBytesBehindTheAnswer) {
    peer_.send(make_frame(R"({"ok":true})") + "abcdefg");
    EXPECT_EQ(run().value(), "abcdefg");
    EXPECT_NE(peer_.written().find(R"("op":"dial")"), std::string::npos);
    EXPECT_TRUE(peer_.written().ends_with("hello"));
}

TEST_F(DirectStreamTest, TheAnswerMayComeByteByByte) {
    peer_.limit_reads(1);
    peer_.send(make_frame(R"({"ok":true})") + "abcdefg");
    EXPECT_EQ(run().value(), "abcdefg");
}

TEST_F(DirectStreamTest, TellsTheSupervisorsReason) {
    peer_.send(make_frame(R"({"ok":false,"error":"find web: no such name"})"));
    const auto failed = run();
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(ErrorKind::kIo));
    EXPECT_EQ(failed.error().message, "find web: no such name");
    EXPECT_TRUE(peer_.is_closed());
}

TEST_F(DirectStreamTest, ASupervisorThatDoesNotKnowItHangsUp) {
    peer_.break_with(base::make_error(ErrorKind::kUnavailable, "the supervisor hung up"));
    const auto failed = run();
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(ErrorKind::kUnavailable));
}

TEST_F(DirectStreamTest, RefusesAnAnswerThatIsNone) {
    for (const std::string& bytes : {std::string("HTTP/1.1 200 OK"),
                                     std::string("\xff\xff\xff\x7f{"), make_frame("nonsense")}) {
        tests::MemoryPeer other(context_.get_executor());
        peer_ = other;
        peer_.send(bytes);
        peer_.break_with(base::make_error(ErrorKind::kUnavailable, "nothing more comes"));
        EXPECT_FALSE(run());
    }
}

}  // namespace
}  // namespace executors::session
