#include "executors/session/supervisor_session.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/executors/session/scripted_supervisor.hpp"

namespace executors::session {
namespace {

using namespace tests_support;
using base::ErrorKind;
using base::Task;
using std::chrono::milliseconds;

class SessionConnectionTest : public SupervisorSessionFixture {};

TEST_F(SessionConnectionTest, ConnectsAgainAfterAFailureOfTheStream) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto first = co_await supervisor_.accept();
        first.break_with(base::make_error(ErrorKind::kIo, "reset by peer"));
        auto second = co_await supervisor_.accept();
        EXPECT_TRUE(first.is_closed());
        second.send(exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
}

TEST_F(SessionConnectionTest, ConnectsAgainWhenAWriteFails) {
    auto scenario = [&]() -> Task<void> {
        std::uint64_t from = 0;
        auto first = co_await supervisor_.accept_hello(from);
        first.hang_up_writes();
        auto call = start_stage(1);
        auto second = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(second);
        EXPECT_EQ(command.op, "run");
        second.send(exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
}

TEST_F(SessionConnectionTest, TriesAgainWhenItCannotConnect) {
    supervisor_.refuse(ErrorKind::kUnavailable);
    supervisor_.refuse(ErrorKind::kIo);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto peer = co_await supervisor_.accept();
        peer.send(exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
    EXPECT_EQ(supervisor_.tries(), 3);
}

TEST_F(SessionConnectionTest, GivesUpWhenTheSupervisorStaysUnreachable) {
    make_session(milliseconds(10));
    supervisor_.refuse_always(ErrorKind::kUnavailable);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto exit = co_await result_of(call);
        const auto error = error_of(exit);
        EXPECT_TRUE(error.is(ErrorKind::kUnavailable));
        EXPECT_EQ(error.message, "reach the job's supervisor: refused");
        co_await pump_.wait();
    };
    run(scenario());
    EXPECT_FALSE(session_->was_reached());
}

TEST_F(SessionConnectionTest, EndsAtOnceWhenTheEnvironmentIsGone) {
    supervisor_.refuse_always(ErrorKind::kNotFound);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto exit = co_await result_of(call);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kNotFound));
        co_await pump_.wait();
        auto later = start_stage(2);
        auto failed = co_await result_of(later);
        EXPECT_TRUE(error_of(failed).is(ErrorKind::kNotFound));
    };
    run(scenario());
    EXPECT_EQ(supervisor_.tries(), 1);
}

constexpr char kGarbage[] = "OCI runtime exec failed: container is not running";

TEST_F(SessionConnectionTest, TriesAgainAfterConnectionsThatBeginWithGarbage) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        for (int i = 0; i < 3; ++i) {
            auto garbled = co_await supervisor_.accept();
            garbled.send(kGarbage);
        }
        auto peer = co_await supervisor_.accept();
        peer.send(exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
}

TEST_F(SessionConnectionTest, EndsAfterTheFourthGarbledStart) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        for (int i = 0; i < 4; ++i) {
            auto garbled = co_await supervisor_.accept();
            garbled.send(kGarbage);
        }
        auto exit = co_await result_of(call);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kProtocol));
        co_await pump_.wait();
    };
    run(scenario());
    EXPECT_EQ(supervisor_.tries(), 4);
}

TEST_F(SessionConnectionTest, EndsAtGarbageBehindARecordWhichItStillDelivers) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto peer = co_await supervisor_.accept();
        peer.send(output(1, "last") + kGarbage);
        auto exit = co_await result_of(call);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kProtocol));
        co_await pump_.wait();
    };
    run(scenario());
    EXPECT_EQ(output_, "1:last;");
    EXPECT_EQ(offset_, output(1, "last").size());
    EXPECT_EQ(supervisor_.tries(), 1);
}

}  // namespace
}  // namespace executors::session
