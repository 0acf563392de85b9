#include "executors/session/remote_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "executors/helper/protocol.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/run_to_end.hpp"

namespace executors::session {
namespace {

using base::ErrorKind;
using base::Task;
using helper::make_frame;

class RemoteFileTest : public testing::Test {
  protected:
    /// Opens the file and reads it to its end.
    Task<base::Result<std::string>> read_whole() {
        auto opening = RemoteFile::open(peer_.stream(), "/a", "build", offset_);
        auto file = co_await std::move(opening);
        if (!file) co_return file.error();
        size_ = (*file)->size();
        std::string whole;
        while (true) {
            auto bytes = co_await (*file)->next();
            if (!bytes) co_return bytes.error();
            if (bytes->empty()) co_return whole;
            whole += *bytes;
        }
    }
    base::Result<std::string> read() { return tests::run_to_end(context_, read_whole()); }

    boost::asio::io_context context_{1};
    tests::MemoryPeer peer_{context_.get_executor()};
    std::uint64_t size_ = 0;
    std::uint64_t offset_ = 0;
};

TEST_F(RemoteFileTest, ReadsAFileToItsEnd) {
    peer_.send(make_frame(R"({"ok":true,"size":6})") + "abcdef");
    EXPECT_EQ(read().value(), "abcdef");
    EXPECT_EQ(size_, 6U);
    EXPECT_NE(peer_.written().find(R"("path":"/a")"), std::string::npos);
    EXPECT_NE(peer_.written().find(R"("user":"build")"), std::string::npos);
    EXPECT_TRUE(peer_.is_closed());
}

TEST_F(RemoteFileTest, ReadsAFileThatComesByteByByte) {
    peer_.limit_reads(1);
    peer_.send(make_frame(R"({"ok":true,"size":6})") + "abcdef");
    EXPECT_EQ(read().value(), "abcdef");
}

TEST_F(RemoteFileTest, BeginsAtAnOffset) {
    offset_ = 4;
    peer_.send(make_frame(R"({"ok":true,"size":6,"offset":4})") + "ef");
    EXPECT_EQ(read().value(), "ef");
    EXPECT_EQ(size_, 6U);
    EXPECT_NE(peer_.written().find(R"("offset":4)"), std::string::npos);
}

TEST_F(RemoteFileTest, DropsWhatAnOlderSupervisorSendsBeforeTheOffset) {
    offset_ = 4;
    peer_.limit_reads(3);
    peer_.send(make_frame(R"({"ok":true,"size":6})") + "abcdef");
    EXPECT_EQ(read().value(), "ef");
}

TEST_F(RemoteFileTest, DoesNotReadBehindTheEnd) {
    offset_ = 7;
    peer_.send(make_frame(R"({"ok":true,"size":6})") + "abcdef");
    EXPECT_TRUE(read().error().is(ErrorKind::kIo));
}

TEST_F(RemoteFileTest, ReadsAnEmptyFile) {
    peer_.send(make_frame(R"({"ok":true,"size":0})"));
    EXPECT_EQ(read().value(), "");
}

TEST_F(RemoteFileTest, IgnoresWhatIsBehindTheAnnouncedSize) {
    peer_.send(make_frame(R"({"ok":true,"size":3})") + "abcdef");
    EXPECT_EQ(read().value(), "abc");
}

TEST_F(RemoteFileTest, FailsWhenTheFileIsShorterThanAnnounced) {
    peer_.send(make_frame(R"({"ok":true,"size":6})") + "abc");
    peer_.hang_up();
    EXPECT_TRUE(read().error().is(ErrorKind::kUnavailable));
}

TEST_F(RemoteFileTest, AnswersTheSupervisorsSentence) {
    peer_.send(make_frame(R"({"ok":false,"error":"open /a: Permission denied"})"));
    const auto result = read();
    EXPECT_TRUE(result.error().is(ErrorKind::kIo));
    EXPECT_EQ(result.error().message, "open /a: Permission denied");
}

TEST_F(RemoteFileTest, RefusesAnAnswerThatIsNoFrame) {
    peer_.send("HTTP/1.1 500 Internal Server Error");
    EXPECT_TRUE(read().error().is(ErrorKind::kProtocol));
}

TEST_F(RemoteFileTest, FailsWhenNobodyAnswers) {
    peer_.hang_up();
    EXPECT_TRUE(read().error().is(ErrorKind::kUnavailable));
}

Task<base::Result<std::string>> read_package(tests::MemoryPeer peer) {
    auto opening = RemoteFile::open(peer.stream(), "/a", "");
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    auto head = co_await (*file)->next_frame();
    if (!head) co_return head.error();
    auto rest = co_await (*file)->next();
    if (!rest) co_return rest.error();
    auto end = co_await (*file)->next();
    if (!end) co_return end.error();
    co_return *head + *rest + *end;
}

TEST_F(RemoteFileTest, ReadsAFrameInFrontOfTheContent) {
    const std::string head = make_frame(R"({"name":"a.zip"})");
    peer_.send(make_frame(R"({"ok":true,"size":)" + std::to_string(head.size() + 3) + "}"));
    peer_.send(head + "zip");
    EXPECT_EQ(tests::run_to_end(context_, read_package(peer_)).value(), R"({"name":"a.zip"}zip)");
}

}  // namespace
}  // namespace executors::session
