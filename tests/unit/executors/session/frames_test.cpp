#include "executors/session/frames.hpp"

#include <gtest/gtest.h>

namespace executors::session {
namespace {

TEST(ParseExit, ReadsEveryReason) {
    using Reason = StageExit::Reason;
    EXPECT_EQ(parse_exit(R"({"code":3,"signal":0,"reason":"exit","message":""})"),
              (StageExit{3, 0, Reason::kExited, "", "", ""}));
    EXPECT_EQ(parse_exit(R"({"code":137,"signal":9,"reason":"deadline"})").reason,
              Reason::kDeadline);
    EXPECT_EQ(parse_exit(R"({"code":137,"signal":9,"reason":"stopped"})").signal, 9);
    EXPECT_EQ(parse_exit(R"({"reason":"start_failed","message":"no"})").message, "no");
    EXPECT_EQ(parse_exit(R"({"reason":"lost","message":"died"})").reason, Reason::kStartFailed);
    EXPECT_EQ(parse_exit(R"({"report":"cache-save 0 saved 1"})").report, "cache-save 0 saved 1");
    EXPECT_EQ(parse_exit("garbage").reason, Reason::kStartFailed);
    EXPECT_EQ(parse_exit(R"({"code":"x"})").code, 1);
}

TEST(ParseNotice, ReadsMalformedTextWithoutFailing) {
    EXPECT_EQ(parse_notice("[]").id, "");
    EXPECT_EQ(parse_notice(R"({"id":7})").id, "");
    const Notice notice = parse_notice(R"({"id":"a","ok":true,"waited_ms":12,"extra":[]})");
    EXPECT_TRUE(notice.ok);
    EXPECT_EQ(notice.waited_ms, 12);
}

TEST(Frames, HoldStringsThatAreNotUtf8) {
    StageCommand command;
    command.environment["A"] = "\xff";
    EXPECT_GT(run_frame(command).size(), 10U);
}

}  // namespace
}  // namespace executors::session
