#include "tests/support/fake_session.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"

namespace {

using base::ErrorKind;
using executors::session::StageCommand;
using executors::session::StageExit;
using tests::FakeSession;

class FakeSessionTest : public testing::Test, protected executors::session::EventSink {
  protected:
    void on_output(std::uint16_t stage, base::OutputStream, std::uint64_t,
                   std::string_view bytes) override {
        output_ += std::to_string(stage) + ":" + std::string(bytes);
    }
    void on_offset(std::uint64_t offset) override { offset_ = offset; }

    static StageCommand command(std::uint16_t stage) {
        StageCommand command;
        command.stage = stage;
        return command;
    }
    base::Task<base::Result<StageExit>> run(std::uint16_t stage) {
        auto task = session_.run_stage(command(stage));
        auto exit = co_await base::run_stoppable(&stop_, std::move(task), std::nullopt);
        co_return std::move(exit);
    }

    boost::asio::io_context context_{1};
    tests::SessionScript script_;
    FakeSession session_{context_.get_executor(), script_, this};
    base::StopSource stop_;
    std::string output_;
    std::uint64_t offset_ = 0;
};

TEST_F(FakeSessionTest, EndsStagesByNumberAndThenInOrder) {
    script_.exit_of[7] = {7, 0, StageExit::Reason::kExited, "", "", ""};
    script_.exits.push_back({1, 0, StageExit::Reason::kExited, "", "", ""});
    script_.output_of[3] = "hello\n";
    EXPECT_EQ(tests::run_to_end(context_, run(7))->code, 7);
    EXPECT_EQ(tests::run_to_end(context_, run(3))->code, 1);
    EXPECT_EQ(tests::run_to_end(context_, run(4))->code, 0);
    EXPECT_EQ(output_, "3:hello\n");
    EXPECT_EQ(offset_, 6U);
    EXPECT_EQ(script_.stages.size(), 3U);
}

TEST_F(FakeSessionTest, HoldsAStageUntilItIsStopped) {
    script_.held_stages.insert(1);
    script_.on_run = [](FakeSession& session, const StageCommand& stage) {
        session.request_stop(stage.stage, std::chrono::seconds(1));
    };
    const auto exit = tests::run_to_end(context_, run(1));
    EXPECT_EQ(exit->reason, StageExit::Reason::kStopped);
    ASSERT_EQ(script_.stops.size(), 1U);
    EXPECT_EQ(script_.stops[0].stage, 1);
}

TEST_F(FakeSessionTest, FailsACallOnceAndHoldsACallUntilItIsCancelled) {
    script_.failures["run_stage"].push_back(base::make_error(ErrorKind::kNotFound, "gone"));
    EXPECT_TRUE(tests::run_to_end(context_, run(1)).error().is(ErrorKind::kNotFound));
    EXPECT_TRUE(tests::run_to_end(context_, run(1)).has_value());
    script_.held_calls.insert("run_stage");
    script_.on_call = [this](FakeSession&, const std::string&) {
        boost::asio::post(context_, [this] { stop_.request(base::StopReason::kAbort); });
    };
    EXPECT_TRUE(tests::run_to_end(context_, run(1)).error().is(ErrorKind::kCancelled));
}

base::Task<base::Result<std::string>> read_whole(FakeSession& session, std::string path) {
    auto opening = session.open_file(std::move(path), "", 0);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    std::string whole;
    while (true) {
        auto bytes = co_await (*file)->next();
        if (!bytes) co_return bytes.error();
        if (bytes->empty()) co_return whole;
        whole += *bytes;
    }
}

TEST_F(FakeSessionTest, GivesTheFilesOfTheScript) {
    script_.files["/a"] = "content";
    EXPECT_EQ(*tests::run_to_end(context_, read_whole(session_, "/a")), "content");
    EXPECT_TRUE(tests::run_to_end(context_, read_whole(session_, "/b")).error().is(ErrorKind::kIo));
    EXPECT_EQ(script_.file_calls[1].path, "/b");
}

base::Task<int> pump_until_closed(FakeSession& session) {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    group.spawn("pump", session.pump());
    session.close();
    co_await group.wait();
    co_return 0;
}

TEST_F(FakeSessionTest, EndsThePumpWhenItIsClosed) {
    tests::run_to_end(context_, pump_until_closed(session_));
    EXPECT_TRUE(script_.pump_ended);
    EXPECT_TRUE(tests::run_to_end(context_, run(1)).error().is(ErrorKind::kUnavailable));
}

}  // namespace
