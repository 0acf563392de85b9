#include "executors/session/supervisor_session.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "tests/unit/executors/session/scripted_supervisor.hpp"

namespace executors::session {
namespace {

using namespace tests_support;
using base::ErrorKind;
using base::Task;
using std::chrono::milliseconds;

class SupervisorSessionTest : public SupervisorSessionFixture {};

TEST_F(SupervisorSessionTest, RunsAStageAndDeliversItsOutput) {
    const std::string log = started(1) + output(1, "hello\n") + exited(1, 3);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        EXPECT_EQ(from, 0U);
        auto command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "run");
        EXPECT_EQ(command.json["script"], "echo");
        EXPECT_FALSE(session_->was_reached());
        peer.send(log);
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit && exit->code == 3 && exit->reason == Reason::kExited);
    };
    run(scenario());
    EXPECT_EQ(output_, "1:hello\n;");
    EXPECT_EQ(offset_, log.size());
    EXPECT_EQ(session_->offset(), log.size());
    EXPECT_TRUE(session_->was_reached());
}

TEST_F(SupervisorSessionTest, RefusesAScriptThatNoSupervisorTakes) {
    auto scenario = [&]() -> Task<void> {
        StageCommand command;
        command.stage = 1;
        command.script = std::string(helper::kMaxCommandBytes, 'x');
        auto call = session_->run_stage(std::move(command));
        auto exit = co_await std::move(call);
        EXPECT_FALSE(exit);
        EXPECT_TRUE(!exit && exit.error().is(ErrorKind::kInvalidInput));
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, TakesRecordsApartAtAnyByte) {
    const std::string log = started(1) + output(1, "hello\n") + exited(1, 0);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto peer = co_await supervisor_.accept();
        peer.limit_reads(1);
        peer.send(log);
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
    EXPECT_EQ(output_, "1:hello\n;");
    EXPECT_EQ(offset_, log.size());
}

TEST_F(SupervisorSessionTest, ReadsNoFurtherWhileThereIsNoRoom) {
    const std::string first = output(1, "first\n");
    std::vector<std::string> while_full;
    room_ = [&] {
        if (while_full.size() == 3) return true;
        while_full.push_back(output_);
        return false;
    };
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto peer = co_await supervisor_.accept();
        peer.limit_reads(first.size());
        peer.send(first + output(1, "second\n") + exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
    EXPECT_EQ(while_full, std::vector<std::string>(3, "1:first\n;"));
    EXPECT_EQ(output_, "1:first\n;1:second\n;");
}

TEST_F(SupervisorSessionTest, IsClosedWhileThereIsNoRoom) {
    base::Notifier asked(context_.get_executor());
    room_ = [&] {
        asked.notify_all();
        return false;
    };
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        auto peer = co_await supervisor_.accept();
        peer.send(output(1, "first\n"));
        co_await asked.wait();
        session_->close();
        auto exit = co_await result_of(call);
        EXPECT_FALSE(exit.has_value());
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, BeginsAtTheOffsetThatItIsGiven) {
    make_session(std::chrono::seconds(60), 4711);
    auto scenario = [&]() -> Task<void> {
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        EXPECT_EQ(from, 4711U);
        auto call = start_stage(1);
        peer.send(exited(1, 0));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit.has_value());
    };
    run(scenario());
    EXPECT_EQ(offset_, 4711U + exited(1, 0).size());
}

/// The connection is lost after each number of bytes of the log. Nothing is lost or repeated, and
/// the stage is sent again only when its start was not seen.
TEST_F(SupervisorSessionTest, ConnectsAgainAtTheEdgeOfTheLastWholeRecord) {
    const std::string log = started(1) + output(1, "one\n") + output(1, "two\n") + exited(1, 3);
    const std::size_t start_end = started(1).size();
    for (std::size_t cut = 0; cut < log.size(); cut += 11) {
        SCOPED_TRACE(cut);
        make_session(std::chrono::seconds(60));
        output_.clear();
        offset_ = 0;
        auto scenario = [&]() -> Task<void> {
            auto call = start_stage(1);
            std::uint64_t from = 0;
            auto first = co_await supervisor_.accept_hello(from);
            auto command = co_await next_frame(first);
            EXPECT_EQ(command.op, "run");
            first.send(log.substr(0, cut));
            first.hang_up();
            auto second = co_await supervisor_.accept_hello(from);
            EXPECT_LE(from, cut);
            EXPECT_EQ(from, offset_);
            session_->limit_output(9);
            auto next = co_await next_frame(second);
            EXPECT_EQ(next.op, cut < start_end ? "run" : "limit");
            second.send(log.substr(from));
            auto exit = co_await result_of(call);
            EXPECT_TRUE(exit && exit->code == 3);
        };
        run(scenario());
        EXPECT_EQ(output_, "1:one\n;1:two\n;");
        EXPECT_EQ(offset_, log.size());
    }
}

TEST_F(SupervisorSessionTest, SendsAStopThatWasRequestedBeforeTheFirstConnection) {
    supervisor_.hold_connects(true);
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        co_await supervisor_.wait_for_try(1);
        session_->request_stop(1, milliseconds(5000));
        session_->request_stop(1, milliseconds(300));
        supervisor_.hold_connects(false);
        auto peer = co_await supervisor_.accept();
        std::vector<std::string> ops;
        Frame frame;
        for (int i = 0; i < 3; ++i) {
            frame = co_await next_frame(peer);
            ops.push_back(frame.op);
        }
        EXPECT_EQ(ops, (std::vector<std::string>{"hello", "run", "stop"}));
        EXPECT_EQ(frame.json["grace_ms"], 300);
        peer.send(started(1) + exited(1, 143));
        auto exit = co_await result_of(call);
        EXPECT_TRUE(exit && exit->code == 143);
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, SendsAStopAgainUntilTheStageHasEnded) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        std::uint64_t from = 0;
        auto first = co_await supervisor_.accept_hello(from);
        first.send(started(1));
        auto command = co_await next_frame(first);
        session_->request_stop(1, milliseconds(300));
        command = co_await next_frame(first);
        EXPECT_EQ(command.op, "stop");
        first.hang_up();
        auto second = co_await supervisor_.accept_hello(from);
        command = co_await next_frame(second);
        EXPECT_EQ(command.op, "stop");
        second.send(exited(1, 143));
        auto exit = co_await result_of(call);
        second.hang_up();
        auto third = co_await supervisor_.accept_hello(from);
        session_->request_stop(1, milliseconds(300));  // has ended: nothing to stop
        session_->limit_output(9);
        command = co_await next_frame(third);
        EXPECT_EQ(command.op, "limit");
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, KnowsTheEndOfAStageFromThenOn) {
    auto scenario = [&]() -> Task<void> {
        auto call = start_stage(1);
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(peer);
        peer.send(exited(1, 3) + exited(1, 4));
        auto exit = co_await result_of(call);
        auto again = co_await session_->wait_exit(1);
        EXPECT_TRUE(again && again->code == 3);
        auto repeated = start_stage(1);
        auto same = co_await result_of(repeated);
        EXPECT_TRUE(same && same->code == 3);
        session_->limit_output(9);
        command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "limit");
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, SendsTheOutputLimitOverEveryConnection) {
    session_->limit_output(1000);
    auto scenario = [&]() -> Task<void> {
        std::uint64_t from = 0;
        for (int i = 0; i < 2; ++i) {
            auto peer = co_await supervisor_.accept_hello(from);
            auto command = co_await next_frame(peer);
            EXPECT_EQ(command.op, "limit");
            EXPECT_EQ(command.json["max_output_bytes"], 1000);
            const nlohmann::json reached{{"event", helper::kEventOutputLimit}, {"limit", 1000}};
            if (i == 0) peer.send(notice(reached));
            if (i == 0) peer.hang_up();
        }
    };
    run(scenario());
    EXPECT_EQ(limit_reached_, 1000U);
}

TEST_F(SupervisorSessionTest, AsksAgainOverANewConnectionWithTheSameId) {
    auto scenario = [&]() -> Task<void> {
        auto call = start<void>(session_->make_directory("/builds", 0700, "build"));
        std::uint64_t from = 0;
        auto first = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(first);
        EXPECT_EQ(command.op, "mkdir");
        EXPECT_EQ(command.json["path"], "/builds");
        EXPECT_EQ(command.json["mode"], 0700);
        EXPECT_EQ(command.json["user"], "build");
        const std::string id = command.json["id"];
        first.hang_up();
        auto second = co_await supervisor_.accept_hello(from);
        command = co_await next_frame(second);
        EXPECT_EQ(command.json["id"], id);
        const nlohmann::json done{{"id", id}, {"ok", true}};
        second.send(notice(done));
        auto made = co_await result_of(call);
        EXPECT_TRUE(made.has_value());
        second.hang_up();
        auto third = co_await supervisor_.accept_hello(from);
        session_->limit_output(9);
        command = co_await next_frame(third);
        EXPECT_EQ(command.op, "limit");
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, AnswersTheSupervisorsSentence) {
    auto scenario = [&]() -> Task<void> {
        auto call = start<void>(session_->remove("/builds", ""));
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "remove");
        const nlohmann::json other{{"id", "of another session"}, {"ok", true}};
        const nlohmann::json failed{
            {"id", command.json["id"]}, {"ok", false}, {"error", "remove /builds: busy"}};
        peer.send(notice(other) + notice(failed));
        auto removed = co_await result_of(call);
        const auto error = error_of(removed);
        EXPECT_TRUE(error.is(ErrorKind::kIo));
        EXPECT_EQ(error.message, "remove /builds: busy");
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, SaysWhatItSawLastOfAnEngineThatDoesNotAnswer) {
    auto scenario = [&]() -> Task<void> {
        auto call = start<void>(session_->wait_engine(
            "/run/docker.sock", Session::EngineState::kListening, milliseconds(50), "/log"));
        std::uint64_t from = 0;
        auto peer = co_await supervisor_.accept_hello(from);
        auto command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "wait_engine");
        EXPECT_EQ(command.json["listening"], true);
        EXPECT_EQ(command.json["timeout_ms"], 50);
        const nlohmann::json failed{{"id", command.json["id"]},
                                    {"ok", false},
                                    {"error", "connect: refused"},
                                    {"waited_ms", 51},
                                    {"log_tail", "no iptables"}};
        peer.send(notice(failed));
        auto waited = co_await result_of(call);
        const auto error = error_of(waited);
        EXPECT_TRUE(error.is(ErrorKind::kTimeout));
        EXPECT_EQ(error.message,
                  "the engine behind /run/docker.sock did not answer within 51 ms: connect: "
                  "refused\nThe end of its log:\nno iptables");
    };
    run(scenario());
}

TEST_F(SupervisorSessionTest, ReadsAFileOverAConnectionOfItsOwn) {
    auto scenario = [&]() -> Task<void> {
        auto log = co_await supervisor_.accept();
        using File = std::unique_ptr<RemoteFile>;
        auto call = start<File>(session_->open_file("/builds/a", "build", 1));
        auto peer = co_await supervisor_.accept();
        auto command = co_await next_frame(peer);
        EXPECT_EQ(command.op, "read");
        EXPECT_EQ(command.json["path"], "/builds/a");
        EXPECT_EQ(command.json["user"], "build");
        EXPECT_EQ(command.json["offset"], 1);
        peer.send(helper::make_frame(R"({"ok":true,"size":4,"offset":1})") + "abc");
        peer.hang_up();
        auto file = co_await result_of(call);
        EXPECT_TRUE(file.has_value());
        if (!file) co_return;
        auto bytes = co_await (*file)->next();
        EXPECT_TRUE(bytes && *bytes == "abc");
        bytes = co_await (*file)->next();
        EXPECT_TRUE(bytes && bytes->empty());
        EXPECT_FALSE(log.is_closed());
    };
    run(scenario());
}

}  // namespace
}  // namespace executors::session
