#include "runner/trace/log_acceptance.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/trace/server_answers.hpp"

namespace runner::trace {
namespace {

using protocol::gitlab::PatchOutcome;
using tests::patch_result;

constexpr std::uint64_t kMiB = 1 << 20;

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

}  // namespace
}  // namespace runner::trace
