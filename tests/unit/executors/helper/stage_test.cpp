#include "executors/helper/stage.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "tests/unit/executors/helper/file_size_limit.hpp"
#include "tests/unit/executors/helper/log_records.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;

constexpr std::int64_t kLimitMs = 20'000;  // what should not happen ends the test then

class StageTest : public testing::Test {
  protected:
    static RunStage script(std::uint16_t number, const std::string& text) {
        RunStage run;
        run.stage = number;
        run.script = text;
        run.shells = {"/no/such/shell", "/bin/sh"};
        return run;
    }

    Stage& start(const RunStage& run) {
        stage_ = std::make_unique<Stage>(reactor_, log_, budget_, run,
                                         [this](const std::string& json) { end_ = json; });
        stage_->start(run, -1);
        if (stage_->pid() > 0) watch_process();
        return *stage_;
    }

    /// As the supervisor does: reaps the shell when it has ended.
    void watch_process() {
        process_ = open_pidfd(stage_->pid());
        reactor_.watch(process_.get(), EPOLLIN, [this](std::uint32_t) {
            reactor_.forget(process_.get());
            int status = 0;
            ASSERT_EQ(::waitpid(stage_->pid(), &status, 0), stage_->pid());
            stage_->on_exit(status);
        });
    }

    void run_until(const std::function<bool()>& condition) {
        if (condition()) return;
        reactor_.set_after_round([&] {
            if (condition()) reactor_.stop();
        });
        const auto limit = reactor_.after(kLimitMs, [this] {
            ADD_FAILURE() << "it did not happen";
            reactor_.stop();
        });
        reactor_.run();
        reactor_.cancel(limit);
        reactor_.set_after_round(nullptr);
    }
    void run_to_end(const RunStage& run) {
        start(run);
        run_until([this] { return stage_->has_ended(); });
    }
    void run_until_output(std::uint16_t number, const std::string& text) {
        run_until([&] { return output_of(directory_.records(), number) == text; });
    }
    [[nodiscard]] nlohmann::json end() const { return nlohmann::json::parse(end_); }

    JobDirectory directory_;
    Reactor reactor_;
    EventLog log_{directory_.fd(), [](const RecordHeader&, const std::string&) {}};
    OutputBudget budget_{log_};
    UniqueFd process_;
    std::unique_ptr<Stage> stage_;
    std::string end_;
};

TEST_F(StageTest, WritesItsStartItsOutputAndItsEnd) {
    run_to_end(script(7, "echo out; echo err >&2; exit 3"));
    const auto records = directory_.records();
    ASSERT_GE(records.size(), 4U);
    EXPECT_EQ(records.front().header.type, RecordType::kStarted);
    EXPECT_EQ(records.front().json()["pid"], stage_->pid());
    EXPECT_EQ(output_of(records, 7), "out\n");
    EXPECT_EQ(output_of(records, 7, base::OutputStream::kStderr), "err\n");
    EXPECT_EQ(records.back().header.type, RecordType::kExited);
    EXPECT_EQ(records.back().header.stage, 7);
    EXPECT_EQ(records.back().text, end_);
    EXPECT_EQ(end()["code"], 3);
    EXPECT_EQ(end()["signal"], 0);
    EXPECT_EQ(end()["reason"], "exit");
    EXPECT_TRUE(stage_->is_gone());
}

TEST_F(StageTest, RunsInItsEnvironment) {
    RunStage run = script(1, "echo \"$A,$(pwd)\"; cat; echo \"no input\"");
    run.environment = {{"A", "a b"}};
    run.cwd = directory_.path();
    run_to_end(run);
    EXPECT_EQ(output_of(directory_.records(), 1).substr(0, 5), "a b,/");
    EXPECT_EQ(end()["code"], 0);
}

TEST_F(StageTest, ReportsTheSignalThatEndedTheShell) {
    run_to_end(script(1, "kill -KILL $$"));
    EXPECT_EQ(end()["code"], 137);
    EXPECT_EQ(end()["signal"], 9);
    EXPECT_EQ(end()["reason"], "exit");
}

TEST_F(StageTest, EndsAtOnceWhenItCannotStart) {
    RunStage no_shell = script(1, "");
    no_shell.shells = {"/no/such/shell"};
    RunStage no_directory = script(2, "");
    no_directory.cwd = "/no/such/directory";
    RunStage no_user = script(3, "");
    no_user.user = "no-such-user";
    for (const RunStage& run : {no_shell, no_directory, no_user}) {
        start(run);
        EXPECT_TRUE(stage_->has_ended());
        EXPECT_TRUE(stage_->is_gone());
        EXPECT_FALSE(stage_->is_running());
        EXPECT_EQ(end()["code"], 127);
        EXPECT_EQ(end()["reason"], "start_failed");
        EXPECT_NE(end()["message"], "");
    }
    EXPECT_EQ(count_of(directory_.records(), RecordType::kStarted), 3U);
    EXPECT_EQ(count_of(directory_.records(), RecordType::kExited), 3U);
}

TEST_F(StageTest, EndsAtItsDeadline) {
    RunStage run = script(1, "sleep 1000");
    run.deadline_ms = 10;
    run_to_end(run);
    EXPECT_EQ(end()["reason"], "deadline");
    EXPECT_EQ(end()["code"], 143);
    EXPECT_TRUE(stage_->is_gone());
}

TEST_F(StageTest, KillsAStageThatIgnoresTerm) {
    start(script(1, "trap '' TERM; echo ready; sleep 1000; sleep 1000"));
    run_until_output(1, "ready\n");
    stage_->stop(10, "stopped");
    stage_->stop(10, "another reason");
    run_until([this] { return stage_->has_ended(); });
    EXPECT_EQ(end()["reason"], "stopped");
    EXPECT_EQ(end()["signal"], 9);
}

TEST_F(StageTest, LetsAStoppedScriptEndInItsOwnWay) {
    start(script(1, "trap 'echo cleaning; exit 4' TERM; echo ready; sleep 1000 & wait"));
    run_until_output(1, "ready\n");
    stage_->stop(kLimitMs, "stopped");
    run_until([this] { return stage_->has_ended(); });
    EXPECT_EQ(end()["code"], 4);
    EXPECT_EQ(end()["reason"], "stopped");
    EXPECT_EQ(output_of(directory_.records(), 1), "ready\ncleaning\n");
    EXPECT_TRUE(stage_->is_gone());  // the background process was killed
    stage_->stop(1, "stopped");      // does nothing
}

TEST_F(StageTest, StopsAProcessThatIsSuspended) {
    start(script(1, "echo ready; kill -STOP $$"));
    run_until_output(1, "ready\n");
    stage_->stop(kLimitMs, "stopped");
    run_until([this] { return stage_->has_ended(); });
    EXPECT_EQ(end()["reason"], "stopped");
}

TEST_F(StageTest, WaitsALimitedTimeForABackgroundProcessThatHoldsItsPipes) {
    RunStage run = script(1, "sleep 1000 & echo done");
    run.drain_ms = 10;
    run_to_end(run);
    EXPECT_EQ(end()["code"], 0);
    EXPECT_EQ(output_of(directory_.records(), 1), "done\n");
    EXPECT_FALSE(stage_->is_gone());
    ::kill(-stage_->pid(), SIGKILL);
    run_until([this] { return stage_->is_gone(); });
    EXPECT_EQ(count_of(directory_.records(), RecordType::kExited), 1U);
}

TEST_F(StageTest, TakesTheOutputOfABackgroundProcessThatEndsInTime) {
    RunStage run = script(1, "mkfifo fifo; (read -r line < fifo; echo \"$line\") & echo done");
    run.cwd = directory_.path();
    run.drain_ms = kLimitMs;
    start(run);
    run_until_output(1, "done\n");
    const UniqueFd fifo(::open((directory_.path() + "/fifo").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(fifo && write_all(fifo.get(), "late\n"));
    run_until([this] { return stage_->has_ended(); });
    EXPECT_EQ(output_of(directory_.records(), 1), "done\nlate\n");
}

TEST_F(StageTest, KillsWhatIsLeftOfItsGroupWhenItIsToldTo) {
    RunStage run = script(1, "sleep 1000 & echo done");
    run.kill_group = true;
    run.drain_ms = kLimitMs;
    run_to_end(run);
    EXPECT_EQ(end()["code"], 0);
    EXPECT_TRUE(stage_->is_gone());
}

TEST_F(StageTest, CanBeEndedWhileItsPipesAreHeld) {
    RunStage run = script(1, "sleep 1000 & echo done");
    run.drain_ms = kLimitMs;
    start(run);
    run_until([this] { return !stage_->is_running(); });
    stage_->finish();
    stage_->finish();
    EXPECT_EQ(count_of(directory_.records(), RecordType::kExited), 1U);
    ::kill(-stage_->pid(), SIGKILL);
}

TEST_F(StageTest, KeepsTheEndOfAHiddenStagesOutput) {
    RunStage run = script(1,
                          "i=0; while [ $i -lt 30000 ]; do echo line-$i; i=$((i+1)); done; "
                          "echo last >&2");
    run.hidden = true;
    run_to_end(run);
    EXPECT_EQ(count_of(directory_.records(), RecordType::kOutput), 0U);
    const std::string output = end()["output"];
    EXPECT_EQ(output.size(), kHiddenOutputBytes);
    EXPECT_NE(output.find("line-29999\n"), std::string::npos);
    EXPECT_NE(output.find("last\n"), std::string::npos);
}

TEST_F(StageTest, TellsWhatItsProgramsReport) {
    RunStage run = script(1, "echo one >&$RUNNER_REPORT_FD; (echo two >&$RUNNER_REPORT_FD)");
    run.shells = {"/bin/bash"};
    run.report = true;
    run_to_end(run);
    EXPECT_EQ(end()["report"], "one\ntwo\n");
    EXPECT_EQ(output_of(directory_.records(), 1), "");
}

TEST_F(StageTest, HasNoReportUnlessItIsAskedFor) {
    run_to_end(script(1, "echo \"${RUNNER_REPORT_FD-none}\""));
    EXPECT_FALSE(end().contains("report"));
    EXPECT_EQ(output_of(directory_.records(), 1), "none\n");
}

TEST_F(StageTest, LimitsTheReport) {
    RunStage run = script(1, "head -c 100000 /dev/zero | tr '\\0' x >&$RUNNER_REPORT_FD");
    run.shells = {"/bin/bash"};
    run.report = true;
    run_to_end(run);
    EXPECT_EQ(end()["report"].get<std::string>().size(), kReportBytes);
}

TEST_F(StageTest, SharesOneOutputLimitWithTheOtherStages) {
    budget_.set_limit(12);
    run_to_end(script(1, "echo 123456789"));
    run_to_end(script(2, "echo 123456789"));
    run_to_end(script(3, "echo 123456789"));
    const auto records = directory_.records();
    EXPECT_EQ(output_of(records, 1), "123456789\n");
    EXPECT_EQ(output_of(records, 2), "12");
    EXPECT_EQ(output_of(records, 3), "");
    EXPECT_EQ(count_of(records, RecordType::kNotice), 1U);
    EXPECT_EQ(end()["code"], 0);
}

TEST_F(StageTest, CountsTheOutputOfAnEarlierSupervisor) {
    budget_.count_old(100);
    budget_.set_limit(99);
    run_to_end(script(1, "echo hello"));
    EXPECT_EQ(output_of(directory_.records(), 1), "");
    EXPECT_EQ(count_of(directory_.records(), RecordType::kNotice), 0U);  // it was said then
}

TEST_F(StageTest, ReadsAgainWhenItIsNoLongerPaused) {
    start(script(1, "echo ready; read -r line < /dev/null; echo more; sleep 1000"));
    stage_->set_paused(true);
    stage_->set_paused(true);
    stage_->set_paused(false);
    run_until_output(1, "ready\nmore\n");
    stage_->stop(kLimitMs, "stopped");
    run_until([this] { return stage_->has_ended(); });
}

TEST_F(StageTest, LosesNoOutputWhileTheDiskIsFull) {
    const std::string expected = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    RunStage run = script(1,
                          "mkfifo fifo; echo ready; read -r line < fifo; "
                          "for i in 0 1 2 3 4 5 6 7 8 9; do echo $i; done");
    run.cwd = directory_.path();
    run.drain_ms = 1;
    start(run);
    run_until_output(1, "ready\n");
    FileSizeLimit full(log_.size());
    log_.append(RecordType::kNotice, base::OutputStream::kNone, 0, "{}");
    ASSERT_TRUE(log_.blocked());
    stage_->set_paused(true);
    UniqueFd fifo(::open((directory_.path() + "/fifo").c_str(), O_WRONLY | O_CLOEXEC));
    fifo.reset();
    run_until([this] { return !stage_->is_running(); });
    EXPECT_FALSE(stage_->has_ended());
    full.lift();
    log_.retry();
    run_until([this] { return stage_->has_ended(); });  // at the drain limit, still paused
    EXPECT_EQ(output_of(directory_.records(), 1), "ready\n" + expected);
}

}  // namespace
}  // namespace executors::helper
