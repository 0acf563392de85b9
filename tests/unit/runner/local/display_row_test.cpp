#include "runner/local/display_row.hpp"

#include <gtest/gtest.h>

namespace runner::local {
namespace {

using pipeline::state::Status;
using std::chrono::milliseconds;
using Clock = DisplayRow::Clock;

TEST(DisplayRow, AddsUpTheTimesOfItsAttempts) {
    const Clock::time_point begin{};
    DisplayRow row;
    row.change(Status::kRunning, "", begin);
    row.change(Status::kFailed, "exit code 1", begin + milliseconds(300));
    EXPECT_EQ(state_line(row), "failed after 0.3s: exit code 1");
    row.change(Status::kPending, "retry 1", begin + milliseconds(400));
    EXPECT_EQ(state_line(row), "pending: retry 1");
    row.change(Status::kRunning, "", begin + milliseconds(1000));
    row.change(Status::kSuccess, "", begin + milliseconds(1500));
    EXPECT_EQ(state_line(row), "success after 0.8s");
}

TEST(DisplayRow, AJobThatNeverRanHasNoTime) {
    DisplayRow row;
    row.change(Status::kPending, "", Clock::time_point{});
    row.change(Status::kSkipped, "", Clock::time_point{} + milliseconds(300));
    EXPECT_EQ(state_line(row), "skipped");
}

TEST(DisplayRow, ALiveLineIsCutToTheTerminal) {
    DisplayRow row;
    row.name = "build";
    row.stage = "test";
    row.detail = [] { return std::string("step_script"); };
    row.change(Status::kRunning, "", Clock::time_point{});
    const auto now = Clock::time_point{} + milliseconds(1200);
    EXPECT_EQ(live_line(row, {.name_width = 6}, 80, now),
              "running  build   test             1.2s  step_script");
    EXPECT_EQ(live_line(row, {.name_width = 6}, 20, now), "running  build   ");
    EXPECT_EQ(live_line(row, {.name_width = 6}, 5, now), "running  ");
}

TEST(DisplayRow, TheTableHasAHeadAndNoBlanksAtLineEnds) {
    DisplayRow row;
    row.name = "a";
    row.stage = "build";
    row.change(Status::kRunning, "", Clock::time_point{});
    row.change(Status::kFailed, "exit code 3", Clock::time_point{} + milliseconds(65000));
    DisplayRow skipped;
    skipped.name = "long name";
    skipped.stage = "deployment";
    skipped.change(Status::kSkipped, "", Clock::time_point{});
    EXPECT_EQ(rows_table({row, skipped}, {.name_width = 9}),
              "Job        Stage       State          Time\n"
              "a          build       failed        1m05s  exit code 3\n"
              "long name  deployment  skipped\n");
}

TEST(DisplayRow, ColoursStandAroundStateAndPrefix) {
    DisplayRow row;
    row.name = "a";
    EXPECT_EQ(row_prefix(row, {.name_width = 3}), "a   | ");
    EXPECT_EQ(row_prefix(row, {.name_width = 1, .colours = true}), "\x1b[2ma | \x1b[0m");
    row.status = Status::kFailed;
    EXPECT_EQ(live_line(row, {.colours = true}, 12, Clock::time_point{}),
              "\x1b[31mfailed\x1b[0m  ");
}

TEST(Readable, ChoosesTheUnitByTheLength) {
    EXPECT_EQ(readable(milliseconds(0)), "0.0s");
    EXPECT_EQ(readable(milliseconds(59999)), "59.9s");
    EXPECT_EQ(readable(std::chrono::seconds(61)), "1m01s");
    EXPECT_EQ(readable(std::chrono::seconds(3723)), "1h02m03s");
}

}  // namespace
}  // namespace runner::local
