#include "runner/trace/final_report.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "runner/trace/upload_schedule.hpp"
#include "tests/unit/runner/trace/server_answers.hpp"

namespace runner::trace {
namespace {

using namespace std::chrono_literals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateOutcome;
using tests::kUploadStart;
using tests::patch_result;
using tests::update_result;
using Time = UploadSchedule::TimePoint;

class FinalReportTest : public ::testing::Test {
  protected:
    using Kind = FinalReport::Action::Kind;
    using End = FinalReport::End;
    void expect_wait(std::chrono::milliseconds delay) {
        EXPECT_EQ(report_.next().kind, Kind::kWait);
        EXPECT_EQ(report_.next().delay, delay);
        report_.waited();
    }
    void patched(PatchOutcome outcome, std::uint64_t number, Time now = kUploadStart) {
        report_.patched(now, patch_result(outcome, number), number);
    }
    FinalReport report_{10, 100, 3, kUploadStart};
};

TEST_F(FinalReportTest, SendsTheRestThenTheOutcome) {
    EXPECT_EQ(report_.next().kind, Kind::kPatch);
    EXPECT_EQ(report_.next().offset, 10U);
    patched(PatchOutcome::kOk, 60);
    EXPECT_EQ(report_.next().offset, 60U);
    patched(PatchOutcome::kOk, 100);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    report_.updated(update_result(UpdateOutcome::kOk));
    EXPECT_EQ(report_.next().kind, Kind::kDone);
    EXPECT_EQ(report_.end(), End::kReported);
}

TEST_F(FinalReportTest, RepeatsTheOutcomeUntilItIsApplied) {
    patched(PatchOutcome::kOk, 100);
    auto accepted = update_result(UpdateOutcome::kAccepted);
    accepted.signals.update_interval = 2s;
    report_.updated(accepted);
    expect_wait(2s);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    report_.updated(update_result(UpdateOutcome::kAccepted));
    expect_wait(3s);
    report_.updated(update_result(UpdateOutcome::kOk));
    EXPECT_EQ(report_.end(), End::kReported);
}

TEST_F(FinalReportTest, SendsTheWholeLogAgainOnRequest) {
    patched(PatchOutcome::kOk, 100);
    report_.updated(update_result(UpdateOutcome::kReset));
    expect_wait(3s);
    EXPECT_EQ(report_.next().kind, Kind::kPatch);
    EXPECT_EQ(report_.next().offset, 0U);
    patched(PatchOutcome::kOk, 100);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
}

TEST_F(FinalReportTest, ResumesAtTheServersOffset) {
    patched(PatchOutcome::kRangeMismatch, 50);
    EXPECT_EQ(report_.next().offset, 50U);
    patched(PatchOutcome::kRangeMismatch, 40);
    expect_wait(3s);
    patched(PatchOutcome::kRangeMismatch, 1000);
    expect_wait(3s);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate) << "the server has more than there is";
}

TEST_F(FinalReportTest, ReportsEvenIfTheLogIsRefused) {
    for (const auto outcome : {PatchOutcome::kNotFound, PatchOutcome::kAborted}) {
        report_ = FinalReport(0, 100, 3, kUploadStart);
        patched(outcome, 0);
        EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    }
}

TEST_F(FinalReportTest, ReportsAtOnceWhenTheLogHasEnded) {
    patched(PatchOutcome::kRefused, 10);
    expect_wait(1s);
    EXPECT_EQ(report_.next().kind, Kind::kPatch);
    patched(PatchOutcome::kRefused, 10);
    report_.end_log();
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    EXPECT_FALSE(report_.log_is_complete()) << "no checksum: the server would ask for the log";
    EXPECT_EQ(report_.sent_bytes(), 10U);
    report_.updated(update_result(UpdateOutcome::kReset));
    EXPECT_EQ(report_.next().kind, Kind::kWait);
    report_.waited();
    EXPECT_EQ(report_.next().kind, Kind::kUpdate) << "the log stays ended";
}

TEST_F(FinalReportTest, TriesTheSameBytesAgainWhenThePatchWasTooLarge) {
    patched(PatchOutcome::kTooLarge, 10);
    EXPECT_EQ(report_.next().kind, Kind::kPatch);
    EXPECT_EQ(report_.next().offset, 10U);
}

TEST_F(FinalReportTest, ReportsAfterAMinuteWithoutProgressOfTheLog) {
    for (const auto seconds : {0, 20, 59}) {
        patched(PatchOutcome::kFailed, 0, kUploadStart + std::chrono::seconds(seconds));
        ASSERT_EQ(report_.next().kind, Kind::kWait) << seconds;
        report_.waited();
        ASSERT_EQ(report_.next().kind, Kind::kPatch) << seconds;
    }
    patched(PatchOutcome::kOk, 50, kUploadStart + 59s);
    patched(PatchOutcome::kFailed, 0, kUploadStart + 118s);
    report_.waited();
    EXPECT_EQ(report_.next().kind, Kind::kPatch) << "bytes arrived in the meantime";
    patched(PatchOutcome::kFailed, 0, kUploadStart + 119s);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    EXPECT_FALSE(report_.log_is_complete());
    report_.updated(update_result(UpdateOutcome::kFailed));
    expect_wait(1s);
    EXPECT_EQ(report_.next().kind, Kind::kPatch) << "the server was away: the log comes first";
    patched(PatchOutcome::kOk, 100, kUploadStart + 121s);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    EXPECT_TRUE(report_.log_is_complete());
}

TEST_F(FinalReportTest, BacksOffAndGivesUp) {
    patched(PatchOutcome::kOk, 100);
    report_.updated(update_result(UpdateOutcome::kFailed));
    expect_wait(1s);
    report_.updated(update_result(UpdateOutcome::kFailed));
    expect_wait(2s);
    EXPECT_EQ(report_.end(), End::kOpen);
    report_.updated(update_result(UpdateOutcome::kFailed));
    EXPECT_EQ(report_.end(), End::kGivenUp);
}

TEST_F(FinalReportTest, EndsWithAServerThatDoesNotWantTheJob) {
    report_.updated(update_result(UpdateOutcome::kAborted));
    EXPECT_EQ(report_.end(), End::kUnwanted);
}

TEST_F(FinalReportTest, EndsWithAnyServer) {
    // Every answer, repeated without end, must lead to an end of the report.
    for (const auto outcome :
         {UpdateOutcome::kReset, UpdateOutcome::kAccepted, UpdateOutcome::kFailed}) {
        FinalReport report(0, 0, 10, kUploadStart);
        int steps = 0;
        while (report.end() == End::kOpen && steps < 1000) {
            report.updated(update_result(outcome));
            report.waited();
            ++steps;
        }
        EXPECT_LT(steps, 1000);
    }
}

/// Runs the report with a server that answers `patches` in turn, and takes the outcome. Returns the
/// number of patches.
int patches_before_the_outcome(FinalReport& report, const std::vector<PatchResult>& patches) {
    Time now = kUploadStart;
    for (int sent = 0; sent < 1000;) {
        const auto action = report.next();
        switch (action.kind) {
            case FinalReport::Action::Kind::kWait:
                now += action.delay;
                report.waited();
                break;
            case FinalReport::Action::Kind::kPatch:
                report.patched(now, patches[static_cast<std::size_t>(sent) % patches.size()], 100);
                ++sent;
                break;
            default: return sent;
        }
    }
    return 1000;
}

TEST(FinalReportOutcome, IsSentWhateverTheServerSaysOfTheLog) {
    const std::vector<std::vector<PatchResult>> servers{
        {patch_result(PatchOutcome::kFailed)},
        {patch_result(PatchOutcome::kRefused)},
        {patch_result(PatchOutcome::kRangeMismatch, 7)},
        {patch_result(PatchOutcome::kRangeMismatch, 7), patch_result(PatchOutcome::kFailed)},
        {patch_result(PatchOutcome::kRangeMismatch, 7), patch_result(PatchOutcome::kOk)},
        {patch_result(PatchOutcome::kNotFound)},
    };
    for (std::size_t i = 0; i < servers.size(); ++i) {
        FinalReport report(0, 200, 1, kUploadStart);
        EXPECT_LT(patches_before_the_outcome(report, servers[i]), 20) << "server " << i;
        EXPECT_EQ(report.next().kind, FinalReport::Action::Kind::kUpdate) << "server " << i;
        EXPECT_FALSE(report.log_is_complete()) << "server " << i;
    }
}

TEST(FinalReportOutcome, IsSentWithoutAChecksumToAServerThatAlwaysWantsTheLogAgain) {
    FinalReport report(100, 100, 3, kUploadStart);
    int resets = 0;
    while (report.log_is_complete() && resets < 100) {
        report.updated(update_result(UpdateOutcome::kReset));
        ++resets;
        report.waited();
        if (report.next().kind == FinalReport::Action::Kind::kPatch)
            report.patched(kUploadStart, patch_result(PatchOutcome::kOk), 100);
    }
    EXPECT_EQ(resets, 6);
    EXPECT_EQ(report.end(), FinalReport::End::kOpen);
    EXPECT_EQ(report.next().kind, FinalReport::Action::Kind::kUpdate);
}

}  // namespace
}  // namespace runner::trace
