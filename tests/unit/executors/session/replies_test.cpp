#include "executors/session/replies.hpp"

#include <gtest/gtest.h>

#include "tests/support/run_to_end.hpp"

namespace executors::session {
namespace {

TEST(Replies, KeepEveryExitButTextsOfAtMost16MiB) {
    boost::asio::io_context context(1);
    SessionState state(context.get_executor());
    Replies replies(state);
    const std::string text(1U << 20U, 'x');
    for (std::uint16_t stage = 0; stage < 20; ++stage) {
        StageExit exit;
        exit.code = stage;
        exit.output = text;
        replies.take_exit(stage, exit);
        replies.take_exit(stage, std::move(exit));  // a repeated record counts once
    }
    std::size_t kept = 0;
    for (std::uint16_t stage = 0; stage < 20; ++stage) {
        const auto exit = tests::run_to_end(context, replies.wait_exit(stage));
        ASSERT_TRUE(exit.has_value());
        EXPECT_EQ(exit->code, stage);
        kept += exit->output.size();
    }
    EXPECT_EQ(kept, 16U << 20U);
}

}  // namespace
}  // namespace executors::session
