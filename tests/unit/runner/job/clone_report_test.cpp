#include "runner/job/clone_report.hpp"

#include <gtest/gtest.h>

namespace runner::job {
namespace {

using From = executors::GitClone::From;

TEST(CloneReport, SaysWhatACloneHasCost) {
    const auto clone = parse_clone_report("clone server 5123 50000001\n");
    ASSERT_TRUE(clone);
    EXPECT_EQ(clone->from, From::kServer);
    EXPECT_EQ(clone->duration, std::chrono::milliseconds(5123));
    EXPECT_EQ(clone->bytes, 50000001U);
    EXPECT_EQ(parse_clone_report("clone mirror 1 2\n")->from, From::kMirror);
    EXPECT_EQ(parse_clone_report("clone damaged 1 2\n")->from, From::kDamagedMirror);
    const auto last = parse_clone_report("clone mirror 1 2\nclone damaged 3 4\n");
    EXPECT_EQ(last->from, From::kDamagedMirror);
}

TEST(CloneReport, LeavesOutWhatCannotBeRead) {
    for (const char* text : {"", "clone\n", "clone moon 1 2\n", "clone server -1 2\n",
                             "clone server 1 x\n", "clone server 1 2 3\n", "cache-save 0 saved 1\n",
                             "clone server 1 99999999999999999999999\n"}) {
        EXPECT_FALSE(parse_clone_report(text)) << text;
    }
}

}  // namespace
}  // namespace runner::job
