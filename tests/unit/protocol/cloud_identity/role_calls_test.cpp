#include "protocol/cloud_identity/role_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "tests/support/manual_clock.hpp"

namespace protocol::cloud_identity {
namespace {

using base::Result;
using base::Task;
using std::chrono::seconds;
using testing::ElementsAre;

class Noted final : public RoleObserver {
  public:
    void on_role_requests(int in_flight) override { requests.push_back(in_flight); }
    void on_role_begin(std::chrono::nanoseconds waited) override { waits.push_back(waited); }
    void on_role_end(std::chrono::nanoseconds duration, bool taken) override {
        durations.push_back(duration);
        if (!taken) ++failures;
    }
    void on_role_hit() override {}

    std::vector<int> requests;
    std::vector<std::chrono::nanoseconds> waits;
    std::vector<std::chrono::nanoseconds> durations;
    int failures = 0;
};

/// STS that answers when it is told to.
class RolesAtOnce : public testing::Test {
  protected:
    RolesAtOnce() { calls_.observe(noted_); }

    Task<Result<http::Response>> answer(WebCall) {
        ++asked_;
        while (answers_ == 0) co_await gate_.wait();
        --answers_;
        http::Response response;
        response.body =
            "<r><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "<Expiration>2099-01-02T03:04:05Z</Expiration></r>";
        co_return std::move(response);
    }
    void start(int most_at_once) {
        Surroundings surroundings{[this](WebCall call) { return answer(std::move(call)); },
                                  [](const std::string&) { return std::string(); }};
        boost::asio::co_spawn(
            context_,
            calls_.take(std::move(surroundings), {"arn:r", "us-east-1", most_at_once}, {}),
            [this](const std::exception_ptr&, const Result<AwsExpiring>& taken) {
                taken_ += taken ? 1 : 0;
            });
        run();
    }
    void answer_one() {
        ++answers_;
        gate_.notify_all();
        run();
    }
    void run() {
        context_.restart();
        context_.poll();
    }

    boost::asio::io_context context_{1};
    tests::ManualClock clock_;
    base::Notifier gate_{context_.get_executor()};
    Noted noted_;
    RoleCalls calls_{context_.get_executor(), clock_};
    int asked_ = 0;
    int answers_ = 0;
    int taken_ = 0;
};

TEST_F(RolesAtOnce, AreLimitedAndTheOthersWait) {
    for (int i = 0; i < 3; ++i) start(2);
    EXPECT_EQ(asked_, 2);
    EXPECT_THAT(noted_.waits, ElementsAre(seconds(0), seconds(0)));
    clock_.advance(seconds(3));
    answer_one();
    EXPECT_EQ(asked_, 3);
    EXPECT_THAT(noted_.waits, ElementsAre(seconds(0), seconds(0), seconds(3)));
    EXPECT_THAT(noted_.durations, ElementsAre(seconds(3)));
    answer_one();
    answer_one();
    EXPECT_EQ(taken_, 3);
    EXPECT_THAT(noted_.requests, ElementsAre(1, 2, 1, 2, 1, 0));
    EXPECT_EQ(noted_.failures, 0);
}

}  // namespace
}  // namespace protocol::cloud_identity
