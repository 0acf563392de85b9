#include "runner/trace/final_report.hpp"

#include <gtest/gtest.h>

#include "runner/trace/log_acceptance.hpp"
#include "runner/trace/upload_schedule.hpp"

namespace runner::trace {
namespace {

using namespace std::chrono_literals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateOutcome;
using protocol::gitlab::UpdateResult;
using Kind = UploadSchedule::Action::Kind;
using Time = UploadSchedule::TimePoint;

constexpr Time kStart{1h};
constexpr std::uint64_t kMiB = 1 << 20;

PatchResult patch_result(PatchOutcome outcome, std::uint64_t offset = 0) {
    PatchResult result;
    result.outcome = outcome;
    result.offset = offset;
    return result;
}

UpdateResult update_result(UpdateOutcome outcome) {
    UpdateResult result;
    result.outcome = outcome;
    return result;
}

class UploadScheduleTest : public ::testing::Test {
  protected:
    UploadSchedule::Action next(Time now, std::uint64_t available) {
        return schedule_.next(now, available);
    }
    /// Applies a patch that the server accepts.
    void sent(Time now, std::uint64_t end, std::uint64_t available) {
        schedule_.patched(now, patch_result(PatchOutcome::kOk), end, available);
    }
    UploadSchedule schedule_{UploadTimes{}, 0, kStart};
};

TEST_F(UploadScheduleTest, SendsWhatIsThereEveryInterval) {
    EXPECT_EQ(next(kStart, 100).kind, Kind::kWait);
    EXPECT_EQ(next(kStart, 100).until, kStart + 3s);
    auto action = next(kStart + 3s, 100);
    ASSERT_EQ(action.kind, Kind::kPatch);
    EXPECT_EQ(action.offset, 0U);
    EXPECT_EQ(action.bytes, 100U);
    sent(kStart + 3s, 100, 150);
    EXPECT_EQ(next(kStart + 3s, 150).kind, Kind::kPatch)
        << "what came while the patch was under way";
    sent(kStart + 3s, 150, 150);
    EXPECT_EQ(next(kStart + 4s, 200).until, kStart + 6s);
    EXPECT_EQ(next(kStart + 6s, 200).offset, 150U);
}

TEST_F(UploadScheduleTest, SendsABacklogInOneRound) {
    const Time now = kStart + 3s;
    const std::uint64_t size = 3 * kMiB + 5;
    for (std::uint64_t offset = 0; offset < size;) {
        const auto action = next(now, size);
        ASSERT_EQ(action.kind, Kind::kPatch);
        ASSERT_EQ(action.offset, offset);
        ASSERT_LE(action.bytes, kMiB);
        offset += action.bytes;
        sent(now, offset, size);
    }
    EXPECT_EQ(next(now, size).kind, Kind::kWait);
}

TEST_F(UploadScheduleTest, SendsAScriptsFirstBytesAtOnce) {
    schedule_.expedite(100);
    EXPECT_EQ(next(kStart + 1s, 100).kind, Kind::kWait) << "that is only what was there before";
    EXPECT_EQ(next(kStart + 1s, 110).kind, Kind::kPatch);
    sent(kStart + 1s, 110, 110);
    EXPECT_EQ(next(kStart + 1s, 120).until, kStart + 1250ms) << "the echo may have come alone";
    EXPECT_EQ(next(kStart + 1250ms, 120).kind, Kind::kPatch);
    sent(kStart + 1250ms, 120, 120);
    EXPECT_EQ(next(kStart + 2s, 130).until, kStart + 4250ms);
}

TEST_F(UploadScheduleTest, TouchesAJobThatIsSilent) {
    EXPECT_EQ(next(kStart + 9s, 0).until, kStart + 10s);
    EXPECT_EQ(next(kStart + 10s, 0).kind, Kind::kTouch);
    schedule_.touched(kStart + 10s, update_result(UpdateOutcome::kOk));
    EXPECT_EQ(next(kStart + 11s, 0).until, kStart + 20s);
    schedule_.touched(kStart + 20s, update_result(UpdateOutcome::kFailed));
    EXPECT_EQ(next(kStart + 20s, 0).until, kStart + 30s) << "a failure is no reason to hurry";
}

TEST_F(UploadScheduleTest, FollowsTheServersInterval) {
    auto answer = patch_result(PatchOutcome::kOk);
    answer.signals.update_interval = 60s;
    schedule_.patched(kStart + 3s, answer, 10, 10);
    EXPECT_EQ(next(kStart + 6s, 20).until, kStart + 13s) << "a touch in between";
    auto touch = update_result(UpdateOutcome::kOk);
    touch.signals.update_interval = 3s;
    schedule_.touched(kStart + 13s, touch);
    EXPECT_EQ(next(kStart + 13s, 20).until, kStart + 16s) << "somebody has begun to watch";
    EXPECT_EQ(schedule_.interval(), 3s);
}

TEST_F(UploadScheduleTest, StretchesTouchesOnRequest) {
    UploadSchedule schedule({.dynamic_touch = true}, 0, kStart);
    EXPECT_EQ(schedule.next(kStart, 0).until, kStart + 30s);
    auto touch = update_result(UpdateOutcome::kOk);
    touch.signals.update_interval = 60s;
    schedule.touched(kStart + 30s, touch);
    EXPECT_EQ(schedule.next(kStart + 30s, 0).until, kStart + 30s + 240s);
}

TEST_F(UploadScheduleTest, ContinuesAtTheServersOffset) {
    const Time now = kStart + 3s;
    schedule_.patched(now, patch_result(PatchOutcome::kRangeMismatch, 40), 100, 100);
    auto action = next(now, 100);
    ASSERT_EQ(action.kind, Kind::kPatch);
    EXPECT_EQ(action.offset, 40U);
    EXPECT_EQ(action.bytes, 60U);
    schedule_.patched(now, patch_result(PatchOutcome::kRangeMismatch, 30), 100, 100);
    EXPECT_EQ(next(now, 100).kind, Kind::kWait)
        << "a server that contradicts itself gets no storm of requests";
    schedule_.patched(now, patch_result(PatchOutcome::kRangeMismatch, 500), 100, 100);
    EXPECT_EQ(next(now + 3s, 100).kind, Kind::kWait) << "it says that it has more than there is";
}

TEST_F(UploadScheduleTest, TriesAgainInTheNextRound) {
    for (const auto outcome : {PatchOutcome::kFailed, PatchOutcome::kNotFound}) {
        schedule_ = UploadSchedule(UploadTimes{}, 0, kStart);
        schedule_.expedite(0);
        schedule_.patched(kStart + 1s, patch_result(outcome), 10, 10);
        EXPECT_EQ(next(kStart + 1s, 20).until, kStart + 4s);
        EXPECT_EQ(next(kStart + 4s, 20).offset, 0U);
    }
}

TEST_F(UploadScheduleTest, LimitsTheRequestRate) {
    // A log that always has another full patch, and a server that answers at once.
    Time now = kStart + 3s;
    unsigned requests = 0;
    std::uint64_t offset = 0;
    while (now < kStart + 3s + 10min) {
        const std::uint64_t available = offset + 5 * kMiB;
        const auto action = next(now, available);
        if (action.kind == Kind::kWait) {
            ASSERT_GT(action.until, now);
            now = action.until;
            continue;
        }
        ++requests;
        ASSERT_EQ(action.kind, Kind::kPatch);
        offset += action.bytes;
        sent(now, offset, available);
    }
    EXPECT_GE(requests, 1450U);
    EXPECT_LE(requests, 1500U + 31U);
}

TEST_F(UploadScheduleTest, SendsLessAtOnceWhenItWasTooMuch) {
    const Time now = kStart + 3s;
    schedule_.patched(now, patch_result(PatchOutcome::kTooLarge), 100, 100);
    const auto action = next(now, 100);
    ASSERT_EQ(action.kind, Kind::kPatch);
    EXPECT_EQ(action.offset, 0U);
}

TEST_F(UploadScheduleTest, OnlyTouchesAfterTheLogHasEnded) {
    schedule_.patched(kStart + 3s, patch_result(PatchOutcome::kRefused), 100, 100);
    EXPECT_EQ(next(kStart + 3s, 100).until, kStart + 6s);
    schedule_.end_log();
    EXPECT_EQ(next(kStart + 6s, 200).kind, Kind::kWait);
    EXPECT_EQ(next(kStart + 6s, 200).until, kStart + 10s);
    EXPECT_EQ(next(kStart + 10s, 300).kind, Kind::kTouch) << "only an answer tells of a cancel";
}

class LogAcceptanceTest : public ::testing::Test {
  protected:
    void answer(PatchOutcome outcome, std::uint64_t bytes, unsigned status = 400) {
        auto result = patch_result(outcome);
        result.status = status;
        acceptance_.answered(result, bytes);
    }
    void refuse() { answer(PatchOutcome::kRefused, 100); }

    LogAcceptance acceptance_{kMiB};
};

TEST_F(LogAcceptanceTest, HalvesPatchesThatAreTooLarge) {
    answer(PatchOutcome::kTooLarge, kMiB);
    EXPECT_EQ(acceptance_.patch_bytes(), kMiB / 2);
    answer(PatchOutcome::kTooLarge, 300'000);
    EXPECT_EQ(acceptance_.patch_bytes(), 150'000U) << "half of what was sent";
    answer(PatchOutcome::kOk, 150'000);
    EXPECT_EQ(acceptance_.patch_bytes(), 150'000U) << "a limit is a setting and does not go away";
    EXPECT_FALSE(acceptance_.refused());
}

TEST_F(LogAcceptanceTest, HalvesPatchesThatGetNoAnswer) {
    const auto lose = [this] { answer(PatchOutcome::kFailed, acceptance_.patch_bytes(), 0); };
    lose();
    EXPECT_EQ(acceptance_.patch_bytes(), kMiB) << "the network may have failed";
    lose();
    EXPECT_EQ(acceptance_.patch_bytes(), kMiB / 2);
    answer(PatchOutcome::kFailed, kMiB / 2, 500);
    lose();
    EXPECT_EQ(acceptance_.patch_bytes(), kMiB / 2) << "in a row";
    for (int i = 0; i < 20; ++i) lose();
    EXPECT_EQ(acceptance_.patch_bytes(), LogAcceptance::kMinUnansweredBytes);
    EXPECT_FALSE(acceptance_.refused());
}

TEST_F(LogAcceptanceTest, EndsTheLogThatIsRefusedAgainAndAgain) {
    refuse();
    refuse();
    answer(PatchOutcome::kFailed, 100);
    EXPECT_FALSE(acceptance_.refused());
    answer(PatchOutcome::kOk, 100);
    refuse();
    refuse();
    EXPECT_FALSE(acceptance_.refused()) << "in a row";
    refuse();
    EXPECT_TRUE(acceptance_.refused());
    acceptance_.allow_one_more();
    EXPECT_FALSE(acceptance_.refused());
    refuse();
    EXPECT_TRUE(acceptance_.refused());
}

TEST_F(LogAcceptanceTest, EndsTheLogWhenNoPatchIsSmallEnough) {
    int answers = 0;
    while (!acceptance_.refused() && answers < 100) {
        answer(PatchOutcome::kTooLarge, acceptance_.patch_bytes());
        ++answers;
    }
    EXPECT_EQ(answers, 13) << "ten halves down to 1 KiB, then three refusals";
}

class FinalReportTest : public ::testing::Test {
  protected:
    using Kind = FinalReport::Action::Kind;
    using End = FinalReport::End;
    void expect_wait(std::chrono::milliseconds delay) {
        EXPECT_EQ(report_.next().kind, Kind::kWait);
        EXPECT_EQ(report_.next().delay, delay);
        report_.waited();
    }
    void patched(PatchOutcome outcome, std::uint64_t number, Time now = kStart) {
        report_.patched(now, patch_result(outcome, number), number);
    }
    FinalReport report_{10, 100, 3, kStart};
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
        report_ = FinalReport(0, 100, 3, kStart);
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
        patched(PatchOutcome::kFailed, 0, kStart + std::chrono::seconds(seconds));
        ASSERT_EQ(report_.next().kind, Kind::kWait) << seconds;
        report_.waited();
        ASSERT_EQ(report_.next().kind, Kind::kPatch) << seconds;
    }
    patched(PatchOutcome::kOk, 50, kStart + 59s);
    patched(PatchOutcome::kFailed, 0, kStart + 118s);
    report_.waited();
    EXPECT_EQ(report_.next().kind, Kind::kPatch) << "bytes arrived in the meantime";
    patched(PatchOutcome::kFailed, 0, kStart + 119s);
    EXPECT_EQ(report_.next().kind, Kind::kUpdate);
    EXPECT_FALSE(report_.log_is_complete());
    report_.updated(update_result(UpdateOutcome::kFailed));
    expect_wait(1s);
    EXPECT_EQ(report_.next().kind, Kind::kPatch) << "the server was away: the log comes first";
    patched(PatchOutcome::kOk, 100, kStart + 121s);
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
        FinalReport report(0, 0, 10, kStart);
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
    Time now = kStart;
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
        FinalReport report(0, 200, 1, kStart);
        EXPECT_LT(patches_before_the_outcome(report, servers[i]), 20) << "server " << i;
        EXPECT_EQ(report.next().kind, FinalReport::Action::Kind::kUpdate) << "server " << i;
        EXPECT_FALSE(report.log_is_complete()) << "server " << i;
    }
}

TEST(FinalReportOutcome, IsSentWithoutAChecksumToAServerThatAlwaysWantsTheLogAgain) {
    FinalReport report(100, 100, 3, kStart);
    int resets = 0;
    while (report.log_is_complete() && resets < 100) {
        report.updated(update_result(UpdateOutcome::kReset));
        ++resets;
        report.waited();
        if (report.next().kind == FinalReport::Action::Kind::kPatch)
            report.patched(kStart, patch_result(PatchOutcome::kOk), 100);
    }
    EXPECT_EQ(resets, 6);
    EXPECT_EQ(report.end(), FinalReport::End::kOpen);
    EXPECT_EQ(report.next().kind, FinalReport::Action::Kind::kUpdate);
}

}  // namespace
}  // namespace runner::trace
