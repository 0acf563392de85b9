#include "executors/session/stage_command.hpp"

#include <gtest/gtest.h>

namespace executors::session {
namespace {

TEST(FitEnvironment, MovesOnlyWhatExecWouldRefuse) {
    StageCommand command;
    command.script = "echo\n";
    command.environment["SMALL"] = "it's";
    command.environment["LARGE"] = "it's " + std::string(200'000, 'x');
    fit_environment(command);
    EXPECT_EQ(command.environment.count("SMALL"), 1U);
    EXPECT_EQ(command.environment.count("LARGE"), 0U);
    EXPECT_EQ(command.script.rfind("LARGE='it'\\''s xxx", 0), 0U);
    EXPECT_EQ(command.script.substr(command.script.size() - 7), "'\necho\n");
    EXPECT_EQ(command.unset, std::vector<std::string>{"LARGE"});
}

}  // namespace
}  // namespace executors::session
