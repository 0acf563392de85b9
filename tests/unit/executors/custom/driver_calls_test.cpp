#include "executors/custom/driver_calls.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::custom {
namespace {

class DriverCallsTest : public testing::Test {
  protected:
    /// Calls a shell with `commands`.
    base::Result<int> run(const std::string& commands,
                          std::chrono::seconds limit = std::chrono::seconds(60)) {
        DriverCall call;
        call.name = "prepare_exec";
        call.program = "sh";
        call.arguments = {"-c", commands, "driver", "Arg1"};
        call.limit = limit;
        call.environment = {"CUSTOM_ENV_NAME=value"};
        call.directory = dir_.path();
        call.output_file = output_file_;
        call.on_line = [this](std::string_view line) { lines_.emplace_back(line); };
        return tests::run_until_done(context_, calls_.run(std::move(call)));
    }

    tests::TempDir dir_;
    boost::asio::io_context context_{1};
    DriverCalls calls_{context_.get_executor(), std::chrono::seconds(0), std::chrono::seconds(20)};
    std::string output_file_;
    std::vector<std::string> lines_;
};

TEST_F(DriverCallsTest, GivesArgumentsVariablesAndBothStreams) {
    ASSERT_EQ(run("echo $1 $CUSTOM_ENV_NAME; pwd >&2; printf end").value(), 0);
    EXPECT_EQ(lines_, (std::vector<std::string>{"Arg1 value", dir_.path().string(), "end"}));
}

TEST_F(DriverCallsTest, AnAnswerDoesNotMixWithTheOutputForTheLog) {
    output_file_ = (dir_.path() / "answer").string();
    ASSERT_TRUE(run("echo '{}'; echo hint >&2").has_value());
    EXPECT_EQ(lines_, std::vector<std::string>{"hint"});
    std::stringstream answer;
    answer << std::ifstream(output_file_).rdbuf();
    EXPECT_EQ(answer.str(), "{}\n");
}

TEST_F(DriverCallsTest, AFailureOfTheJobHasAnExitCode) {
    EXPECT_EQ(run("echo 9 > \"$BUILD_EXIT_CODE_FILE\"; exit 1").value(), 9);
}

TEST_F(DriverCallsTest, AFailureOfTheDriverIsAnError) {
    const auto failed = run("exit 2");
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().message, "prepare_exec: exit status 2");
}

TEST_F(DriverCallsTest, WhatIsLeftBehindIsNotWaitedFor) {
    ASSERT_TRUE(run("sleep 600 & echo $! >&2; echo done").has_value());
    ASSERT_EQ(lines_.size(), 2U);
    ASSERT_EQ(::kill(std::stoi(lines_[0]), SIGKILL), 0);
}

TEST_F(DriverCallsTest, AProgramThatIgnoresTheEndOfItsTimeIsKilled) {
    const auto failed = run("trap '' TERM; while :; do sleep 1; done", std::chrono::seconds(0));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().message, "prepare_exec did not end within prepare_exec_timeout (0 s)");
}

}  // namespace
}  // namespace executors::custom
