#include "protocol/cloud_identity/renewed.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <string>
#include <vector>

#include "base/stop_source.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_to_end.hpp"

namespace protocol::cloud_identity {
namespace {

using base::Result;
using base::Task;

/// What a source gives in turn, and when.
struct Script {
    explicit Script(const boost::asio::any_io_executor& executor) : gate(executor) {}
    std::deque<Result<Expiring<std::string>>> answers;
    int fetches = 0;
    bool held = false;
    base::Notifier gate;
};

class ScriptedSource final : public Source<std::string> {
  public:
    explicit ScriptedSource(Script& script) : script_(script) {}
    Task<Result<Expiring<std::string>>> fetch() override {
        ++script_.fetches;
        while (script_.held) co_await script_.gate.wait();
        auto answer = std::move(script_.answers.front());
        script_.answers.pop_front();
        co_return std::move(answer);
    }

  private:
    Script& script_;
};

class RenewedCredentials : public testing::Test {
  protected:
    std::string get() { return text(tests::run_to_end(context_, renewed_.get())); }
    static std::string text(const Result<std::string>& got) {
        return got ? *got : "failed: " + got.error().message;
    }
    void will_answer(std::string value, int lifetime) {
        const std::int64_t now = clock_.unix_micros() / 1'000'000;
        script_.answers.emplace_back(Expiring<std::string>{std::move(value), now + lifetime});
    }
    void will_fail() {
        script_.answers.emplace_back(base::make_error(base::ErrorKind::kUnavailable, "nobody"));
    }
    void start_get() {
        boost::asio::co_spawn(context_, renewed_.get(),
                              [this](const std::exception_ptr&, const Result<std::string>& got) {
                                  got_.push_back(text(got));
                              });
    }
    void run() {
        context_.restart();
        context_.poll();
    }
    void open_gate() {
        script_.held = false;
        script_.gate.notify_all();
        run();
    }

    boost::asio::io_context context_{1};
    tests::ManualClock clock_;
    Script script_{context_.get_executor()};
    Renewed<std::string> renewed_{context_.get_executor(),
                                  std::make_unique<ScriptedSource>(script_), clock_};
    std::vector<std::string> got_;
};

TEST_F(RenewedCredentials, AreKeptUntilFiveMinutesBeforeTheirEnd) {
    will_answer("a", 3600);
    will_answer("b", 3600);
    EXPECT_EQ(get(), "a");
    clock_.advance(std::chrono::seconds(3299));
    EXPECT_EQ(get(), "a");
    EXPECT_EQ(script_.fetches, 1);
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(get(), "b");
}

TEST_F(RenewedCredentials, WithoutAnEndAreNeverRenewed) {
    script_.answers.emplace_back(Expiring<std::string>{"a"});
    EXPECT_EQ(get(), "a");
    clock_.advance(std::chrono::hours(24 * 365));
    EXPECT_FALSE(renewed_.doubt());
    EXPECT_EQ(get(), "a");
}

TEST_F(RenewedCredentials, AreUsedToTheirEndWhenTheyCannotBeRenewed) {
    will_answer("a", 3600);
    will_fail();
    will_fail();
    EXPECT_EQ(get(), "a");
    clock_.advance(std::chrono::seconds(3500));
    EXPECT_EQ(get(), "a");
    clock_.advance(std::chrono::seconds(100));
    EXPECT_EQ(get(), "failed: nobody");
    will_answer("b", 3600);
    clock_.advance(std::chrono::seconds(30));
    EXPECT_EQ(get(), "b");
}

TEST_F(RenewedCredentials, AreNotAskedForAgainAtOnceWhereNobodyAnswers) {
    will_fail();
    EXPECT_EQ(get(), "failed: nobody");
    clock_.advance(std::chrono::seconds(29));
    EXPECT_EQ(get(), "failed: nobody");
    EXPECT_EQ(script_.fetches, 1);
    clock_.advance(std::chrono::seconds(1));
    script_.answers.emplace_back(base::invalid_input("no profile"));
    EXPECT_EQ(get(), "failed: no profile");
    will_answer("a", 3600);
    EXPECT_EQ(get(), "a") << "a person may have mended it";
}

TEST_F(RenewedCredentials, AreFetchedAgainWhenAServiceRefusesThem) {
    EXPECT_FALSE(renewed_.doubt());
    will_answer("a", 3600);
    EXPECT_EQ(get(), "a");
    clock_.advance(std::chrono::seconds(59));
    EXPECT_TRUE(renewed_.doubt());
    EXPECT_EQ(get(), "a") << "they are new";
    clock_.advance(std::chrono::seconds(1));
    EXPECT_TRUE(renewed_.doubt());
    will_answer("b", 3600);
    EXPECT_EQ(get(), "b");
    EXPECT_TRUE(renewed_.doubt()) << "who was refused with the old ones tries the new ones";
    EXPECT_EQ(get(), "b");
    clock_.advance(std::chrono::seconds(60));
    renewed_.doubt();
    will_fail();
    EXPECT_EQ(get(), "b");
    EXPECT_EQ(get(), "b");
    EXPECT_EQ(script_.fetches, 3);
}

TEST_F(RenewedCredentials, AreFetchedOnceForAllWhoWait) {
    will_answer("a", 3600);
    script_.held = true;
    for (int i = 0; i < 3; ++i) start_get();
    run();
    open_gate();
    EXPECT_EQ(got_, (std::vector<std::string>{"a", "a", "a"}));
    EXPECT_EQ(script_.fetches, 1);
}

TEST_F(RenewedCredentials, GiveOneFailureToAllWhoWait) {
    will_fail();
    script_.held = true;
    for (int i = 0; i < 3; ++i) start_get();
    run();
    open_gate();
    EXPECT_EQ(got_, std::vector<std::string>(3, "failed: nobody"));
    EXPECT_EQ(script_.fetches, 1);
}

TEST_F(RenewedCredentials, AreFetchedByTheNextWhenTheFirstIsCancelled) {
    will_answer("a", 3600);
    script_.held = true;
    base::StopSource stop;
    auto stoppable = base::run_stoppable(&stop, renewed_.get(), std::nullopt);
    boost::asio::co_spawn(context_, std::move(stoppable),
                          [](const std::exception_ptr&, const Result<std::string>&) {});
    run();
    start_get();
    run();
    stop.request(base::StopReason::kAbort);
    run();
    EXPECT_EQ(script_.fetches, 2);
    open_gate();
    EXPECT_EQ(got_, std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace protocol::cloud_identity
