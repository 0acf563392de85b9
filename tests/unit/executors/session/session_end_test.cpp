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

class SessionEndTest : public SupervisorSessionFixture {};

TEST_F(SessionEndTest, EndsWithTheSupervisorAfterAShutdown) {
    auto scenario = [&]() -> Task<void> {
        auto stage = start_stage(1);
        auto call = start<void>(session_->shutdown(milliseconds(700)));
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(peer);
        command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "shutdown");
        EXPECT_EQ(command.json["grace_ms"], 700);
        const nlohmann::json ended{{"event", helper::kEventShutdown}, {"left", 0}};
        peer.send(notice(ended));
        auto shut_down = co_await result_of(call);
        EXPECT_TRUE(shut_down.has_value());
        co_await pump_.wait();
        EXPECT_TRUE(peer.is_closed());
        auto exit = co_await result_of(stage);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kUnavailable));
        auto again = co_await session_->shutdown(milliseconds(1));
        EXPECT_TRUE(again.has_value());
    };
    run(scenario());
    EXPECT_EQ(supervisor_.tries(), 1);
}

TEST_F(SessionEndTest, DoesNotConnectAgainWhenAShutdownIsNotAnswered) {
    auto scenario = [&]() -> Task<void> {
        auto peer = co_await supervisor_.accept();
        auto call = start<void>(session_->shutdown(milliseconds(700)));
        peer.hang_up();
        auto shut_down = co_await result_of(call);
        EXPECT_TRUE(error_of(shut_down).is(ErrorKind::kUnavailable));
        co_await pump_.wait();
    };
    run(scenario());
    EXPECT_EQ(supervisor_.tries(), 1);
}

TEST_F(SessionEndTest, EndsWithASupervisorThatEndsByItself) {
    auto scenario = [&]() -> Task<void> {
        auto stage = start_stage(1);
        auto peer = co_await supervisor_.accept();
        const nlohmann::json ended{{"event", helper::kEventShutdown}, {"left", 2}};
        peer.send(exited(1, 143) + notice(ended));
        auto exit = co_await result_of(stage);
        EXPECT_TRUE(exit && exit->code == 143);
        co_await pump_.wait();
    };
    run(scenario());
}

TEST_F(SessionEndTest, FailsWaitingCallsWhenItIsClosed) {
    auto scenario = [&]() -> Task<void> {
        auto stage = start_stage(1);
        auto directory = start<void>(session_->make_directory("/a", 0, ""));
        auto peer = co_await supervisor_.accept();
        session_->close();
        auto exit = co_await result_of(stage);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kUnavailable));
        auto made = co_await result_of(directory);
        EXPECT_TRUE(error_of(made).is(ErrorKind::kUnavailable));
        co_await pump_.wait();
        EXPECT_TRUE(peer.is_closed());
    };
    run(scenario());
}

TEST_F(SessionEndTest, EndsWhenItIsClosedWhileItConnects) {
    supervisor_.hold_connects(true);
    auto scenario = [&]() -> Task<void> {
        co_await supervisor_.wait_for_try(1);
        session_->close();
        supervisor_.hold_connects(false);
        auto peer = co_await supervisor_.accept();
        co_await pump_.wait();
        EXPECT_TRUE(peer.is_closed());
        EXPECT_EQ(peer.written(), "");
    };
    run(scenario());
}

TEST_F(SessionEndTest, EndsWhenItsPumpIsCancelled) {
    supervisor_.hold_connects(true);
    auto while_connecting = [&]() -> Task<void> {
        auto stage = start_stage(1);
        co_await supervisor_.wait_for_try(1);
        pump_.cancel_all();
        co_await pump_.wait();
        auto exit = co_await result_of(stage);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kUnavailable));
    };
    run(while_connecting());

    make_session(std::chrono::seconds(60));
    supervisor_.hold_connects(false);
    auto while_reading = [&]() -> Task<void> {
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        pump_.cancel_all();
        co_await pump_.wait();
        EXPECT_TRUE(peer.is_closed());
    };
    run(while_reading());

    make_session(std::chrono::seconds(60));
    supervisor_.refuse_always(ErrorKind::kUnavailable);
    const int tries = supervisor_.tries();
    auto during_the_pause = [&]() -> Task<void> {
        co_await supervisor_.wait_for_try(tries + 4);  // the pause after it has 160 ms
        pump_.cancel_all();
        co_await pump_.wait();
    };
    run(during_the_pause());
    EXPECT_EQ(supervisor_.tries(), tries + 4);
}

TEST_F(SessionEndTest, GoesOnAfterACallWasCancelled) {
    auto scenario = [&]() -> Task<void> {
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        auto stage = start_stage(1);
        auto engine = start<void>(
            session_->wait_engine("/s", Session::EngineState::kAnswering, milliseconds(50), ""));
        auto directory = start<void>(session_->make_directory("/a", 0, ""));
        auto shut_down = start<void>(session_->shutdown(milliseconds(50)));
        Frame command;
        for (int i = 0; i < 4; ++i) {
            command = co_await next_frame(peer);
        }
        stage->stop.request(base::StopReason::kUserCancel);
        engine->stop.request(base::StopReason::kUserCancel);
        directory->stop.request(base::StopReason::kUserCancel);
        shut_down->stop.request(base::StopReason::kUserCancel);
        auto exit = co_await result_of(stage);
        EXPECT_TRUE(error_of(exit).is(ErrorKind::kCancelled));
        auto waited = co_await result_of(engine);
        EXPECT_TRUE(error_of(waited).is(ErrorKind::kCancelled));
        auto made = co_await result_of(directory);
        EXPECT_TRUE(error_of(made).is(ErrorKind::kCancelled));
        auto ended = co_await result_of(shut_down);
        EXPECT_TRUE(error_of(ended).is(ErrorKind::kCancelled));
        peer.send(started(1) + exited(1, 5));
        auto again = co_await session_->wait_exit(1);
        EXPECT_TRUE(again && again->code == 5);
    };
    run(scenario());
}

}  // namespace
}  // namespace executors::session
