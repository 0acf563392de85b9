#include "runner/trace/upload_schedule.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/trace/server_answers.hpp"

namespace runner::trace {
namespace {

using namespace std::chrono_literals;
using protocol::gitlab::PatchOutcome;
using tests::kUploadStart;
using tests::patch_result;
using Kind = UploadSchedule::Action::Kind;
using Time = UploadSchedule::TimePoint;

class UploadScheduleTest : public ::testing::Test {
  protected:
    UploadSchedule::Action next(Time now, std::uint64_t available) {
        return schedule_.next(now, available);
    }
    /// Applies a patch that the server accepts.
    void sent(Time now, std::uint64_t end, std::uint64_t available) {
        schedule_.patched(now, patch_result(PatchOutcome::kOk), end, available);
    }
    UploadSchedule schedule_{UploadTimes{}, 0, kUploadStart};
};

TEST_F(UploadScheduleTest, SendsWhatIsThereEveryInterval) {
    EXPECT_EQ(next(kUploadStart, 100).kind, Kind::kWait);
    EXPECT_EQ(next(kUploadStart, 100).until, kUploadStart + 3s);
    auto action = next(kUploadStart + 3s, 100);
    ASSERT_EQ(action.kind, Kind::kPatch);
    EXPECT_EQ(action.offset, 0U);
    EXPECT_EQ(action.bytes, 100U);
    sent(kUploadStart + 3s, 100, 150);
    EXPECT_EQ(next(kUploadStart + 3s, 150).kind, Kind::kPatch)
        << "what came while the patch was under way";
    sent(kUploadStart + 3s, 150, 150);
    EXPECT_EQ(next(kUploadStart + 4s, 200).until, kUploadStart + 6s);
    EXPECT_EQ(next(kUploadStart + 6s, 200).offset, 150U);
}

TEST_F(UploadScheduleTest, SendsABacklogInOneRound) {
    const Time now = kUploadStart + 3s;
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
    EXPECT_EQ(next(kUploadStart + 1s, 100).kind, Kind::kWait)
        << "that is only what was there before";
    EXPECT_EQ(next(kUploadStart + 1s, 110).kind, Kind::kPatch);
    sent(kUploadStart + 1s, 110, 110);
    EXPECT_EQ(next(kUploadStart + 1s, 120).until, kUploadStart + 1250ms)
        << "the echo may have come alone";
    EXPECT_EQ(next(kUploadStart + 1250ms, 120).kind, Kind::kPatch);
    sent(kUploadStart + 1250ms, 120, 120);
    EXPECT_EQ(next(kUploadStart + 2s, 130).until, kUploadStart + 4250ms);
}

TEST_F(UploadScheduleTest, TouchesAJobThatIsSilent) {
    EXPECT_EQ(next(kUploadStart + 9s, 0).until, kUploadStart + 10s);
    EXPECT_EQ(next(kUploadStart + 10s, 0).kind, Kind::kTouch);
    schedule_.touched(kUploadStart + 10s, update_result(UpdateOutcome::kOk));
    EXPECT_EQ(next(kUploadStart + 11s, 0).until, kUploadStart + 20s);
    schedule_.touched(kUploadStart + 20s, update_result(UpdateOutcome::kFailed));
    EXPECT_EQ(next(kUploadStart + 20s, 0).until, kUploadStart + 30s)
        << "a failure is no reason to hurry";
}

TEST_F(UploadScheduleTest, FollowsTheServersInterval) {
    auto answer = patch_result(PatchOutcome::kOk);
    answer.signals.update_interval = 60s;
    schedule_.patched(kUploadStart + 3s, answer, 10, 10);
    EXPECT_EQ(next(kUploadStart + 6s, 20).until, kUploadStart + 13s) << "a touch in between";
    auto touch = update_result(UpdateOutcome::kOk);
    touch.signals.update_interval = 3s;
    schedule_.touched(kUploadStart + 13s, touch);
    EXPECT_EQ(next(kUploadStart + 13s, 20).until, kUploadStart + 16s)
        << "somebody has begun to watch";
    EXPECT_EQ(schedule_.interval(), 3s);
}

TEST_F(UploadScheduleTest, StretchesTouchesOnRequest) {
    UploadSchedule schedule({.dynamic_touch = true}, 0, kUploadStart);
    EXPECT_EQ(schedule.next(kUploadStart, 0).until, kUploadStart + 30s);
    auto touch = update_result(UpdateOutcome::kOk);
    touch.signals.update_interval = 60s;
    schedule.touched(kUploadStart + 30s, touch);
    EXPECT_EQ(schedule.next(kUploadStart + 30s, 0).until, kUploadStart + 30s + 240s);
}

TEST_F(UploadScheduleTest, ContinuesAtTheServersOffset) {
    const Time now = kUploadStart + 3s;
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
        schedule_ = UploadSchedule(UploadTimes{}, 0, kUploadStart);
        schedule_.expedite(0);
        schedule_.patched(kUploadStart + 1s, patch_result(outcome), 10, 10);
        EXPECT_EQ(next(kUploadStart + 1s, 20).until, kUploadStart + 4s);
        EXPECT_EQ(next(kUploadStart + 4s, 20).offset, 0U);
    }
}

TEST_F(UploadScheduleTest, LimitsTheRequestRate) {
    // A log that always has another full patch, and a server that answers at once.
    Time now = kUploadStart + 3s;
    unsigned requests = 0;
    std::uint64_t offset = 0;
    while (now < kUploadStart + 3s + 10min) {
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
    const Time now = kUploadStart + 3s;
    schedule_.patched(now, patch_result(PatchOutcome::kTooLarge), 100, 100);
    const auto action = next(now, 100);
    ASSERT_EQ(action.kind, Kind::kPatch);
    EXPECT_EQ(action.offset, 0U);
}

TEST_F(UploadScheduleTest, OnlyTouchesAfterTheLogHasEnded) {
    schedule_.patched(kUploadStart + 3s, patch_result(PatchOutcome::kRefused), 100, 100);
    EXPECT_EQ(next(kUploadStart + 3s, 100).until, kUploadStart + 6s);
    schedule_.end_log();
    EXPECT_EQ(next(kUploadStart + 6s, 200).kind, Kind::kWait);
    EXPECT_EQ(next(kUploadStart + 6s, 200).until, kUploadStart + 10s);
    EXPECT_EQ(next(kUploadStart + 10s, 300).kind, Kind::kTouch)
        << "only an answer tells of a cancel";
}

}  // namespace
}  // namespace runner::trace
