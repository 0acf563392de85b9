#include "runner/job/transfer_meter.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "runner/job/held_log.hpp"

namespace runner::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class ProgressLines final : public executors::JobLog {
  public:
    void print(std::string_view text) override { lines.push_back("print " + std::string(text)); }
    void notice(std::string_view) override {}
    void heading(std::string_view) override {}
    void warning(std::string_view text) override { lines.push_back("! " + std::string(text)); }
    void error(std::string_view) override {}
    void progress(std::string_view text, bool last) override {
        lines.push_back(std::string(text) + (last ? "." : ""));
    }
    std::vector<std::string> lines;
};

TEST(TransferMeter, HasTheUnitsOfTheOfficialOne) {
    struct Row {
        std::uint64_t bytes;
        std::string size;
        std::string rate;
    };
    for (const Row& row :
         {Row{0, "0 B", "0 B/s"}, Row{999, "999 B", "999 B/s"}, Row{1000, "1.00 KB", "1.0 KB/s"},
          Row{279'876'442, "279.88 MB", "279.9 MB/s"}, Row{5'000'000'000, "5.00 GB", "5.0 GB/s"}}) {
        EXPECT_EQ(size_text(row.bytes), row.size);
        EXPECT_EQ(rate_text(row.bytes, seconds(1)), row.rate);
    }
    EXPECT_EQ(rate_text(10, milliseconds(10)), "1.0 KB/s");
    EXPECT_EQ(rate_text(0, seconds(0)), "0 B/s");
}

TEST(TransferMeter, TellsWhenItsTimeHasComeAndAtTheEnd) {
    ProgressLines log;
    TransferMeter::Clock::time_point now{};
    TransferMeter meter(log, "Uploading artifacts", milliseconds(1), [&now] { return now; });
    now += seconds(1);
    meter.count(1000);
    now += milliseconds(999);
    meter.count(500);
    EXPECT_THAT(log.lines, ElementsAre("Uploading artifacts 1.00 KB (1.0 KB/s)"))
        << "less than a second is one";
    now += milliseconds(1);
    meter.count(500);
    now += seconds(2);
    meter.finish();
    meter.finish();
    EXPECT_THAT(log.lines, ElementsAre("Uploading artifacts 1.00 KB (1.0 KB/s)",
                                       "Uploading artifacts 2.00 KB (1.0 KB/s)",
                                       "Uploading artifacts 2.00 KB (500 B/s)."));
}

TEST(TransferMeter, EndsItsLineWhenTheTransferIsGivenUp) {
    ProgressLines log;
    { const TransferMeter unused(log, "Uploading artifacts", seconds(1)); }
    EXPECT_THAT(log.lines, IsEmpty());
    {
        TransferMeter meter(log, "Uploading artifacts", seconds(1));
        meter.count(7);
    }
    ASSERT_FALSE(log.lines.empty());
    EXPECT_TRUE(log.lines.back().ends_with(").")) << log.lines.back();
}

TEST(HeldLog, KeepsLinesUntilTheirTurn) {
    ProgressLines log;
    HeldLog held(log);
    held.warning("first");
    held.progress("half", false);
    held.progress("whole", true);
    EXPECT_THAT(log.lines, IsEmpty());
    held.release();
    held.progress("half", false);
    held.print("now");
    EXPECT_THAT(log.lines, ElementsAre("! first", "print whole", "half", "print now"));
}

}  // namespace
}  // namespace runner::job
