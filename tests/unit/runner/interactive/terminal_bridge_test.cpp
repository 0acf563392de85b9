#include "runner/interactive/terminal_bridge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/task_group.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/run_to_end.hpp"

namespace {

using namespace std::chrono_literals;
using base::Task;
using runner::interactive::TerminalBridge;
using testing::HasSubstr;

constexpr std::string_view kPing{"\x89\x00", 2};
/// Of a client; the mask is 0.
constexpr std::string_view kPong{"\x8a\x80\x00\x00\x00\x00", 6};
constexpr std::string_view kInput{"\x82\x81\x00\x00\x00\x00x", 7};
constexpr std::string_view kPolicyViolation{"\x03\xf0the client has not answered", 29};

class TerminalBridgeTest : public testing::Test {
  protected:
    Task<bool> run() {
        TerminalBridge bridge(context_.get_executor(), client_.stream(), shell_.stream(), false,
                              {10ms, 50ms});
        co_await bridge.run(ended_);
        co_await group_.wait();
        co_return true;
    }
    /// Answers pings until the pongs cover more time than the limit of silence, then leaves.
    Task<void> answer_pings() {
        for (int number = 0; number < 20; ++number) {
            const std::string frame = co_await client_.receive(kPing.size());
            if (frame != kPing) co_return;
            client_.send(kPong);
        }
        answered_all_ = true;
        client_.hang_up();
        shell_.hang_up();
    }

    /// Says nothing, and leaves when it is told why.
    Task<void> leave_when_told() {
        while (told_.find(kPolicyViolation) == std::string::npos) {
            const std::string byte = co_await client_.receive(1);
            if (byte.empty()) co_return;
            told_ += byte;
        }
        client_.hang_up();
    }

    boost::asio::io_context context_{1};
    tests::MemoryPeer client_{context_.get_executor()};
    tests::MemoryPeer shell_{context_.get_executor()};
    base::StopSource ended_;
    bool answered_all_ = false;
    std::string told_;
    base::TaskGroup group_{context_.get_executor()};
};

TEST_F(TerminalBridgeTest, AClientThatTakesNothingIsGone) {
    client_.hold_writes(true);
    shell_.send("output");
    EXPECT_TRUE(tests::run_to_end(context_, run()));
    EXPECT_TRUE(shell_.is_closed());
}

TEST_F(TerminalBridgeTest, AClientThatTakesNothingAndTypesIntoABusyShellIsGone) {
    client_.hold_writes(true);
    shell_.hold_writes(true);
    shell_.send("output");
    client_.send(kInput);
    EXPECT_TRUE(tests::run_to_end(context_, run()));
}

TEST_F(TerminalBridgeTest, AClientThatAnswersNoPingsIsToldSo) {
    group_.spawn("client", leave_when_told());
    EXPECT_TRUE(tests::run_to_end(context_, run()));
    EXPECT_THAT(told_, HasSubstr(std::string(kPolicyViolation)));
}

TEST_F(TerminalBridgeTest, AClientIsNotGoneWhileTheShellDoesNotTakeItsInput) {
    shell_.hold_writes(true);
    client_.send(kInput);
    group_.spawn("client", answer_pings());
    EXPECT_TRUE(tests::run_to_end(context_, run()));
    EXPECT_TRUE(answered_all_);
}

}  // namespace
