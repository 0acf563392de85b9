#include "executors/driver.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace executors {
namespace {

class DriverEnd : public testing::Test {
  protected:
    base::Result<int> end(int code, int signal = 0) const {
        return job_exit_code(code, signal, file_);
    }
    void write(const std::string& text) const { std::ofstream(file_) << text; }

    tests::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "exit_code";
};

TEST_F(DriverEnd, ZeroIsSuccessWhateverTheFileSays) {
    write("7");
    EXPECT_EQ(end(0).value(), 0);
}

TEST_F(DriverEnd, ABuildFailureHasTheCodeOfTheFile) {
    EXPECT_EQ(end(kBuildFailureExitCode).value(), 1);
    write("99\n");
    EXPECT_EQ(end(kBuildFailureExitCode).value(), 99);
}

TEST_F(DriverEnd, AFileWithoutACodeIsASystemFailure) {
    const std::string large(1000, '1');
    for (const std::string& text : {std::string(), std::string("0"), std::string("-3"),
                                    std::string("99 bottles"), std::string("none"), large}) {
        write(text);
        const auto code = end(kBuildFailureExitCode);
        ASSERT_FALSE(code.has_value()) << text;
        EXPECT_EQ(code.error().kind, base::ErrorKind::kIo);
        EXPECT_TRUE(
            code.error().message.starts_with("unknown Custom executor executable exit code 1; "))
            << code.error().message;
    }
}

TEST_F(DriverEnd, WhatAScriptPutsInTheFilesPlaceIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    EXPECT_FALSE(end(kBuildFailureExitCode).has_value());
    std::filesystem::remove(file_);
    std::filesystem::create_symlink("/dev/zero", file_);
    EXPECT_FALSE(end(kBuildFailureExitCode).has_value());
}

TEST_F(DriverEnd, OtherEndsAreSystemFailures) {
    EXPECT_EQ(end(kSystemFailureExitCode).error().message, "exit status 2");
    EXPECT_EQ(end(3).error().message,
              "unknown Custom executor executable exit code 3; executable execution terminated "
              "with: exit status 3");
    EXPECT_EQ(end(128 + SIGKILL, SIGKILL).error().message,
              "unknown Custom executor executable exit code -1; executable execution terminated "
              "with: signal: killed");
}

TEST(DriverStageName, TheScriptHasItsOldName) {
    EXPECT_EQ(driver_stage_name("step_script"), "build_script");
    EXPECT_EQ(driver_stage_name("step_release"), "step_release");
    EXPECT_EQ(driver_stage_name("get_sources"), "get_sources");
}

}  // namespace
}  // namespace executors
