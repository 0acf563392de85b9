#include "runner/trace/uploader.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/files.hpp"
#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::trace {
namespace {

using namespace std::chrono_literals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateOutcome;
using protocol::gitlab::UpdateResult;

/// Keeps a log by the rules of the server: a patch must begin where the log ends. A test can set
/// the answers in advance.
class Server final : public TraceTarget {
  public:
    [[nodiscard]] const base::log::Scope& daemon_log() const override { return scope_; }
    base::Task<PatchResult> patch(base::FilePart content, std::uint64_t offset) override {
        co_await base::sleep_for(latency);
        ++patches;
        PatchResult result;
        if (hold) {
            hold = false;
            co_await base::sleep_for(std::chrono::hours(1));
        }
        if (content.bytes > limit || refusing) {
            result.outcome = refusing ? PatchOutcome::kRefused : PatchOutcome::kTooLarge;
            co_return result;
        }
        if (!planned.empty()) {
            result = planned.front();
            planned.pop_front();
            co_return result;
        }
        result.signals.cancel_requested = canceling;
        result.offset = log.size();
        result.outcome = offset == log.size() ? PatchOutcome::kOk : PatchOutcome::kRangeMismatch;
        std::string bytes(content.bytes, '\0');
        EXPECT_TRUE(base::read_front(content, bytes));
        if (result.outcome == PatchOutcome::kOk) log += bytes;
        co_return result;
    }
    base::Task<UpdateResult> touch(std::string checksum, std::uint64_t bytes) override {
        co_await base::sleep_for(latency);
        ++touches;
        last_checksum = std::move(checksum);
        last_bytes = bytes;
        UpdateResult result;
        result.outcome = touch_answer;
        co_return result;
    }
    base::Task<UpdateResult> report(std::string checksum, std::uint64_t bytes) override {
        co_await base::sleep_for(latency);
        ++reports;
        last_checksum = std::move(checksum);
        last_bytes = bytes;
        UpdateResult result;
        const bool fits = last_checksum.empty() || bytes == log.size();
        result.outcome = fits ? UpdateOutcome::kOk : UpdateOutcome::kReset;
        result.signals.update_interval = 0s;
        co_return result;
    }

    std::string log;
    std::deque<PatchResult> planned;
    std::chrono::milliseconds latency{0};
    UpdateOutcome touch_answer = UpdateOutcome::kOk;
    std::uint64_t limit = 1U << 30U;  ///< larger patches are refused
    bool refusing = false;
    bool hold = false;  ///< the next patch gets no answer
    bool canceling = false;
    int patches = 0;
    int touches = 0;
    int reports = 0;
    std::string last_checksum;
    std::uint64_t last_bytes = 0;

  private:
    base::log::Scope scope_;
};

PatchResult planned(PatchOutcome outcome) {
    PatchResult result;
    result.outcome = outcome;
    return result;
}

class UploaderTest : public ::testing::Test {
  public:
    UploaderTest() {
        TraceOptions options;
        options.spool_path = dir_.path() / "spool";
        options.timestamps = false;
        options.limit_bytes = 64 << 20;
        trace_ = std::move(JobTrace::create(options, base::system_clock())).value();
        times_.interval = 20ms;
        times_.touch_after = 10s;
    }

    Uploader make() {
        UploaderCallbacks callbacks{.on_cancel = [this] { ++cancels_; },
                                    .on_abort = [this] { ++aborts_; },
                                    .on_confirmed = [this] { ++confirmations_; }};
        return Uploader(context_.get_executor(), *trace_, server_, std::move(callbacks), times_);
    }
    void output(const std::string& bytes) {
        trace_->write_stage_output(base::OutputStream::kStdout, 0, bytes);
        ASSERT_TRUE(trace_->flush());
    }
    std::string spool() { return base::read_file(dir_.path() / "spool").value(); }

    /// Runs the uploader together with `story`, then stops it.
    base::Task<int> beside(Uploader& uploader, base::Task<void> story) {
        base::TaskGroup group(context_.get_executor());
        group.spawn("uploader", uploader.run());
        co_await std::move(story);
        uploader.stop();
        co_await group.wait();
        co_return 0;
    }
    base::Task<int> finished(Uploader& uploader, int tries, FinalReport::End& end) {
        end = co_await uploader.finish(tries);
        co_return 0;
    }

    tests::TempDir dir_;
    boost::asio::io_context context_{1};
    std::unique_ptr<JobTrace> trace_;
    Server server_;
    UploadTimes times_;
    int cancels_ = 0;
    int aborts_ = 0;
    int confirmations_ = 0;
};

template <typename Condition>
base::Task<void> wait_until(const Condition& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) {
        co_await base::sleep_for(1ms);
    }
}

TEST_F(UploaderTest, SendsTheLogWhileItGrows) {
    auto uploader = make();
    const auto began = std::chrono::steady_clock::now();
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        for (int i = 0; i < 20; ++i) {
            t.output("line " + std::to_string(i) + "\n");
            u.set_available(t.trace_->spool_bytes());
            co_await base::sleep_for(3ms);
        }
        const auto arrived = [&] { return t.server_.log.size() == t.trace_->spool_bytes(); };
        co_await wait_until(arrived);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    EXPECT_EQ(server_.log, spool());
    const auto rounds = (std::chrono::steady_clock::now() - began) / times_.interval;
    EXPECT_GE(server_.patches, 2);
    EXPECT_LE(server_.patches, rounds + 1);
}

TEST_F(UploaderTest, SendsNothingThatIsNotCheckpointed) {
    auto uploader = make();
    output("checkpointed, not yet");
    const auto story = [](Uploader& u) -> base::Task<void> {
        u.set_available(12);
        co_await base::sleep_for(80ms);
    };
    tests::run_to_end(context_, beside(uploader, story(uploader)));
    EXPECT_EQ(server_.log, "checkpointed");
}

TEST_F(UploaderTest, SendsTheFirstBytesOfAScriptAtOnce) {
    times_.interval = 60s;
    auto uploader = make();
    const auto began = std::chrono::steady_clock::now();
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        t.output("header\n");
        u.set_available(t.trace_->spool_bytes());
        co_await base::sleep_for(5ms);
        u.expedite();
        t.output("$ echo hello\n");
        u.set_available(t.trace_->spool_bytes());
        const auto arrived = [&] { return !t.server_.log.empty(); };
        co_await wait_until(arrived);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    EXPECT_EQ(server_.log, "header\n$ echo hello\n");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST_F(UploaderTest, ReportsCancelAndAbortOnce) {
    auto uploader = make();
    server_.canceling = true;
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        for (int i = 0; i < 4; ++i) {
            t.output("x\n");
            u.set_available(t.trace_->spool_bytes());
            const auto taken = [&] { return t.server_.log.size() == t.trace_->spool_bytes(); };
            co_await wait_until(taken);
        }
        t.server_.planned = {planned(PatchOutcome::kAborted)};
        t.output("y\n");
        u.set_available(t.trace_->spool_bytes());
        const auto arrived = [&] { return t.aborts_ > 0; };
        co_await wait_until(arrived);
        t.output("z\n");
        u.set_available(t.trace_->spool_bytes());
        co_await base::sleep_for(60ms);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    EXPECT_EQ(cancels_, 1);
    EXPECT_EQ(aborts_, 1);
    EXPECT_TRUE(uploader.aborted());
    EXPECT_EQ(server_.log, "x\nx\nx\nx\n");
}

TEST_F(UploaderTest, TouchesASilentJobAndActsOnTheAnswer) {
    times_.touch_after = 10ms;
    auto uploader = make();
    const auto story = [](UploaderTest& t) -> base::Task<void> {
        const auto touched = [&] { return t.server_.touches >= 2; };
        co_await wait_until(touched);
        t.server_.touch_answer = UpdateOutcome::kAborted;
        const auto arrived = [&] { return t.aborts_ > 0; };
        co_await wait_until(arrived);
    };
    tests::run_to_end(context_, beside(uploader, story(*this)));
    EXPECT_EQ(aborts_, 1);
    EXPECT_EQ(server_.last_checksum, "crc32:00000000");
}

TEST_F(UploaderTest, FinishesInPatchesOfOneMebibyte) {
    auto uploader = make();
    for (int i = 0; i < 20; ++i) output(std::string(131'072, static_cast<char>('a' + i)));
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 3, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.log, spool());
    EXPECT_EQ(server_.patches, 3);
    EXPECT_EQ(confirmations_, 3);
    EXPECT_EQ(uploader.confirmed_bytes(), spool().size());
    EXPECT_EQ(server_.last_bytes, spool().size());
    EXPECT_EQ(server_.last_checksum, trace_->checksum());
}

TEST_F(UploaderTest, ResendsWhatTheServerLost) {
    auto uploader = make();
    output("0123456789");
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        u.set_available(10);
        const auto arrived = [&] { return t.server_.log.size() == 10; };
        co_await wait_until(arrived);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    server_.log = "0123";
    output("abc");
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 3, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.log, "0123456789abc");
}

TEST_F(UploaderTest, SendsSmallerPatchesThroughAProxyWithALimit) {
    server_.limit = 256 << 10;
    auto uploader = make();
    for (int i = 0; i < 20; ++i) output(std::string(131'072, static_cast<char>('a' + i)));
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        u.set_available(t.trace_->spool_bytes());
        const auto arrived = [&] { return t.server_.log.size() == t.trace_->spool_bytes(); };
        co_await wait_until(arrived);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    EXPECT_EQ(server_.log, spool());
    EXPECT_EQ(server_.patches, 12) << "1 MiB and 512 KiB are refused, ten are taken";
    output(std::string(1 << 20, 'z'));
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 3, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.log, spool());
    EXPECT_EQ(server_.patches, 16) << "the size is known";
    EXPECT_EQ(server_.last_checksum, trace_->checksum());
}

TEST_F(UploaderTest, EndsALogThatIsRefusedAndReportsTheOutcome) {
    server_.refusing = true;
    times_.interval = 1ms;
    times_.touch_after = 10ms;
    auto uploader = make();
    output("0123456789");
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        u.set_available(10);
        const auto touched = [&] { return t.server_.touches >= 3; };
        co_await wait_until(touched);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    EXPECT_EQ(server_.patches, 3);
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 1, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.patches, 4) << "once more at the end";
    EXPECT_EQ(server_.reports, 1);
    EXPECT_EQ(server_.last_checksum, "");
}

TEST_F(UploaderTest, SendsALogThatWasRefusedWhenTheEndFindsTheServerRepaired) {
    server_.refusing = true;
    times_.interval = 1ms;
    auto uploader = make();
    output("0123456789");
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        u.set_available(10);
        const auto refused = [&] { return t.server_.patches == 3; };
        co_await wait_until(refused);
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    server_.refusing = false;
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 1, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.log, "0123456789");
    EXPECT_EQ(server_.last_checksum, trace_->checksum());
}

TEST_F(UploaderTest, ReportsTheOutcomeAfterAPatchWithoutAnAnswer) {
    server_.hold = true;
    times_.interval = 1ms;
    auto uploader = make();
    output("0123456789");
    const auto story = [](UploaderTest& t, Uploader& u) -> base::Task<void> {
        u.set_available(10);
        const auto begun = [&] { return t.server_.patches == 1; };
        co_await wait_until(begun);
        u.stop();
        u.abort_exchange();
    };
    tests::run_to_end(context_, beside(uploader, story(*this, uploader)));
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 1, end));
    EXPECT_EQ(end, FinalReport::End::kReported);
    EXPECT_EQ(server_.log, "0123456789");
}

TEST_F(UploaderTest, EndsFinishWhenItIsCancelled) {
    auto uploader = make();
    output("x");
    server_.planned = {planned(PatchOutcome::kCancelled)};
    FinalReport::End end{};
    tests::run_to_end(context_, finished(uploader, 3, end));
    EXPECT_EQ(end, FinalReport::End::kOpen);
    EXPECT_EQ(server_.reports, 0);
}

}  // namespace
}  // namespace runner::trace
