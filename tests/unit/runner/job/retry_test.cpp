#include "runner/job/retry.hpp"

#include <gmock/gmock.h>

#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

std::vector<seconds> pauses(bool exponential, int count) {
    std::vector<seconds> all;
    for (int number = 1; number <= count; ++number) {
        all.push_back(retry_pause(exponential, number));
    }
    return all;
}

TEST(RetryPause, DoublesUpToItsLimit) {
    EXPECT_THAT(pauses(false, 5),
                ElementsAre(seconds(1), seconds(2), seconds(4), seconds(5), seconds(5)));
    EXPECT_THAT(pauses(true, 8),
                ElementsAre(seconds(5), seconds(10), seconds(20), seconds(40), seconds(80),
                            seconds(160), seconds(300), seconds(300)));
}

class WaitBeforeRetry : public tests::JobFixture {};

TEST_F(WaitBeforeRetry, EndsWithThePause) {
    auto job = parts();
    EXPECT_TRUE(run(wait_before_retry(job->context, seconds(3))));
    EXPECT_THAT(pauses_, ElementsAre(seconds(3)));
}

TEST_F(WaitBeforeRetry, DoesNotBeginWhenTheJobIsStopped) {
    auto job = parts();
    job->context.stop.request(base::StopReason::kAbort);
    const auto waited = run(wait_before_retry(job->context, seconds(3)));
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().kind, base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace runner::job
