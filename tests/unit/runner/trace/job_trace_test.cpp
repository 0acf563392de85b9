#include "runner/trace/job_trace.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::trace {
namespace {

constexpr std::int64_t kTime = 1'769'878'075'123'456;  // 2026-01-31T16:47:55.123456Z
const std::string kStamp = "2026-01-31T16:47:55.123456Z ";

class FixedClock final : public base::Clock {
  public:
    [[nodiscard]] std::chrono::steady_clock::time_point now() const override { return {}; }
    [[nodiscard]] std::int64_t unix_micros() const override { return kTime; }
};

class JobTraceTest : public ::testing::Test {
  protected:
    TraceOptions options() {
        return {.spool_path = path_,
                .limit_bytes = 1 << 20,
                .timestamps = timestamps_,
                .sections = true,
                .masks = masks_};
    }
    std::unique_ptr<JobTrace> make() {
        return std::move(JobTrace::create(options(), clock_)).value();
    }
    std::string log(JobTrace& trace) {
        EXPECT_TRUE(trace.flush());
        return base::read_file(path_).value();
    }

    tests::TempDir dir_;
    std::filesystem::path path_ = dir_.path() / "spool";
    FixedClock clock_;
    bool timestamps_ = true;
    std::shared_ptr<const MaskSet> masks_ =
        std::make_shared<const MaskSet>(MaskOptions{{"s3cr3t-value"}, {}, true});
};

TEST_F(JobTraceTest, MasksTextsForOtherLogs) {
    EXPECT_EQ(make()->masked("invalid image s3cr3t-value:1"), "invalid image [MASKED]:1");
}

TEST_F(JobTraceTest, WritesTheRunnersLines) {
    timestamps_ = false;
    auto trace = make();
    trace->print("Running with runner");
    trace->section_start("prepare_executor");
    trace->heading("Preparing environment");
    trace->notice("Job succeeded");
    trace->warning("careful");
    trace->error("Job failed: exit code 1");
    trace->section_end("prepare_executor");
    EXPECT_EQ(log(*trace),
              "\x1b[0KRunning with runner\x1b[0;m\n"
              "section_start:1769878075:prepare_executor\r\x1b[0K"
              "\x1b[0K\x1b[36;1mPreparing environment\x1b[0;m\x1b[0;m\n"
              "\x1b[32;1mJob succeeded\x1b[0;m\n"
              "\x1b[0;33mWARNING: careful\x1b[0;m\n"
              "\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m\n"
              "section_end:1769878075:prepare_executor\r\x1b[0K");
}

TEST_F(JobTraceTest, EndsTheScriptsLastLineBeforeAMarker) {
    timestamps_ = false;
    struct Row {
        const char* out;
        const char* err;
        const char* expected;
    };
    const Row rows[] = {{"open", "", "open\n"},
                        {"ended\n", "", "ended\n"},
                        {"one\ntwo", "", "one\ntwo\n"},
                        {"open ", "error", "open error\n"},
                        {"open ", "error\n", "open error\n"},
                        // The masks hold a part of a secret back until the end.
                        {"s3cr3t-val", "", "s3cr3t-val\n"},
                        {"", "", ""}};
    const std::string marker = "section_end:1769878075:step_script\r\x1b[0K";
    for (const Row& row : rows) {
        auto trace = make();
        trace->write_stage_output(base::OutputStream::kStdout, kTime, row.out);
        trace->write_stage_output(base::OutputStream::kStderr, kTime, row.err);
        ASSERT_TRUE(trace->flush());
        trace->end_stage();
        trace->section_end("step_script");
        trace->close();
        EXPECT_EQ(log(*trace), row.expected + marker);
    }
}

TEST_F(JobTraceTest, StampsLines) {
    auto trace = make();
    trace->section_start("step_script");
    trace->heading("Executing");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "one\ntw");
    trace->write_stage_output(base::OutputStream::kStderr, kTime + 1, "error\n");
    trace->write_stage_output(base::OutputStream::kStdout, kTime + 2, "o\nthree");
    trace->end_stage();
    trace->service("ready", false);
    trace->service("[service:db] s3cr3t-value", true);
    EXPECT_EQ(log(*trace), kStamp + "00O section_start:1769878075:step_script\r\x1b[0K\n" + kStamp +
                               "00O+\x1b[0K\x1b[36;1mExecuting\x1b[0;m\x1b[0;m\n" + kStamp +
                               "01O one\n" + "2026-01-31T16:47:55.123457Z 01E error\n" + kStamp +
                               "01O two\n" + "2026-01-31T16:47:55.123458Z 01O three\n" + kStamp +
                               "0fO \x1b[0;37mready\x1b[0;m\n" + kStamp +
                               "0fE \x1b[0;37m[service:db] [MASKED]\x1b[0;m\n");
}

TEST_F(JobTraceTest, ShowsProgressBarsAtOnce) {
    auto trace = make();
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "10%\r");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "20%\r");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "done\r\nnext\r\n");
    EXPECT_EQ(log(*trace), kStamp + "01O 10%\r\n" + kStamp + "01O+20%\r\n" + kStamp +
                               "01O+done\r\n" + kStamp + "01O next\r\n");
}

TEST_F(JobTraceTest, ShowsHowFarATransferIsAtOnce) {
    const std::string blanks(16, ' ');
    auto trace = make();
    trace->progress("Uploading 1.00 KB", false);
    trace->progress("Uploading 2.00 KB", true);
    trace->print("201 Created");
    EXPECT_EQ(log(*trace), kStamp + "00O \rUploading 1.00 KB" + blanks + "\n" + kStamp +
                               "00O+\rUploading 2.00 KB" + blanks + "\n" + kStamp +
                               "00O \x1b[0K201 Created\x1b[0;m\n");
}

TEST_F(JobTraceTest, CutsEndlessLines) {
    auto trace = make();
    trace->write_stage_output(base::OutputStream::kStdout, kTime,
                              std::string(8192 + 10, 'x') + "\n" + std::string(9000, 'y'));
    trace->end_stage();
    EXPECT_EQ(log(*trace), kStamp + "01O " + std::string(8192, 'x') + "\n" + kStamp + "01O+" +
                               std::string(10, 'x') + "\n" + kStamp + "01O " +
                               std::string(8192, 'y') + "\n" + kStamp + "01O+" +
                               std::string(808, 'y') + "\n");
}

TEST_F(JobTraceTest, MasksEveryStreamAndTheRunnersOwnLines) {
    auto trace = make();
    trace->warning("Failed to pull image s3cr3t-value/x");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "s3cr3t-");
    trace->write_stage_output(base::OutputStream::kStderr, kTime, "s3cr3t-value glpat-abc\n");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "value\n");
    trace->close();
    const auto text = log(*trace);
    EXPECT_EQ(text.find("s3cr3t-value"), std::string::npos);
    EXPECT_NE(text.find("01E [MASKED] glpat-[MASKED]\n"), std::string::npos);
    EXPECT_NE(text.find("01O [MASKED]\n"), std::string::npos);
    EXPECT_NE(text.find("image [MASKED]/x"), std::string::npos);
}

TEST_F(JobTraceTest, RepairsText) {
    timestamps_ = false;
    auto trace = make();
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "\xe4\xbd");
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "\xa0 \xff\n");
    EXPECT_EQ(log(*trace), "\xe4\xbd\xa0 \xEF\xBF\xBD\n");
}

TEST_F(JobTraceTest, WritesNoSectionsWithoutServerSupport) {
    timestamps_ = false;
    auto o = options();
    o.sections = false;
    auto trace = std::move(JobTrace::create(o, clock_)).value();
    trace->section_start("x");
    EXPECT_EQ(log(*trace), "");
}

/// The daemon ends after any event: the events after the last checkpoint are written again.
TEST_F(JobTraceTest, ContinuesToTheByteAfterARestart) {
    std::mt19937 random(7);
    const auto pick = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    struct Event {
        base::OutputStream stream;
        std::string bytes;
    };
    const std::vector<std::string> words{
        "s3cr3t-",  "value", "\n", "10%\r",           "glpat-",      "abc",
        "\xe4\xbd", "\xa0",  " ",  "?private_token=", "plain text\n"};
    std::vector<Event> events;
    for (int i = 0; i < 300; ++i) {
        events.push_back({pick(2) == 0 ? base::OutputStream::kStdout : base::OutputStream::kStderr,
                          words[pick(words.size())]});
    }
    const auto feed = [&](JobTrace& trace, std::size_t i) {
        trace.write_stage_output(events[i].stream, kTime + static_cast<std::int64_t>(i),
                                 events[i].bytes);
    };
    auto undisturbed = make();
    for (std::size_t i = 0; i < events.size(); ++i) feed(*undisturbed, i);
    undisturbed->close();
    const auto expected = log(*undisturbed);
    const auto checksum = undisturbed->checksum();

    for (std::size_t step = 1; step < 20; ++step) {
        auto trace = make();
        std::size_t next = 0;
        while (next < events.size()) {
            for (std::size_t n = step; n > 0 && next < events.size(); --n) feed(*trace, next++);
            ASSERT_TRUE(trace->flush());
            const auto state = trace->state();
            const auto bytes = trace->spool_bytes();
            // These events were written, perhaps to the spool, but not checkpointed: they are lost.
            for (std::size_t lost = next; lost < std::min(next + pick(5), events.size()); ++lost)
                feed(*trace, lost);
            ASSERT_TRUE(trace->flush());
            trace = std::move(JobTrace::restore(options(), clock_, state, bytes)).value();
        }
        trace->close();
        ASSERT_EQ(log(*trace), expected) << "checkpoint every " << step;
        ASSERT_EQ(trace->checksum(), checksum);
    }
}

TEST_F(JobTraceTest, MasksSecretsThatBecomeKnownInEveryStream) {
    timestamps_ = false;
    const auto both = std::make_shared<const MaskSet>(
        MaskOptions{.phrases = {"first-secret", "second-secret"}, .token_prefixes = {}});
    masks_ = std::make_shared<const MaskSet>(
        MaskOptions{.phrases = {"first-secret"}, .token_prefixes = {}});
    auto trace = make();
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "out: ");
    trace->change_masks(both);
    trace->write_stage_output(base::OutputStream::kStdout, kTime, "second-secret first-secret\n");
    trace->write_stage_output(base::OutputStream::kStderr, kTime, "err: second-secret\n");
    trace->print("own: second-secret");
    EXPECT_EQ(trace->masked("second-secret"), "[MASKED]");
    trace->close();
    const std::string text = log(*trace);
    EXPECT_EQ(text.find("-secret"), std::string::npos) << text;
    EXPECT_NE(text.find("out: [MASKED] [MASKED]\n"), std::string::npos) << text;
}

TEST_F(JobTraceTest, RefusesAnInvalidState) {
    make();
    for (const std::string state :
         {"", "{}", R"({"channels":{"1":{}}})", R"({"channels":{"x":1}})"}) {
        auto restored = JobTrace::restore(options(), clock_, state, 0);
        ASSERT_FALSE(restored) << state;
        EXPECT_TRUE(restored.error().is(base::ErrorKind::kInvalidInput));
    }
}

TEST_F(JobTraceTest, EndsALimitedLogWithTheOutcome) {
    auto o = options();
    o.limit_bytes = 4096;
    auto trace = std::move(JobTrace::create(o, clock_)).value();
    for (int i = 0; i < 1000; ++i)
        trace->write_stage_output(base::OutputStream::kStdout, kTime, "a line of output\n");
    trace->end_stage();
    trace->error("Job failed: exit code 1");
    trace->close();
    const auto text = log(*trace);
    EXPECT_TRUE(trace->limit_reached());
    EXPECT_NE(text.find("Job's log exceeded limit of 4096 bytes."), std::string::npos);
    EXPECT_TRUE(text.ends_with("ERROR: Job failed: exit code 1\x1b[0;m\n"));
    EXPECT_LT(text.size(), 4096U + 400U);
}

}  // namespace
}  // namespace runner::trace
