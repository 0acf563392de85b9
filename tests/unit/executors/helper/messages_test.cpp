#include "executors/helper/messages.hpp"

#include <gtest/gtest.h>

#include "executors/helper/posix.hpp"

namespace executors::helper {
namespace {

TEST(Messages, ReadsAllFieldsOfAStage) {
    const auto command = parse_command(
        R"({"op":"run","stage":7,"script":"echo","shells":["/bin/sh"],"arguments":["-l"],
            "env":{"A":"1","B":""},"cwd":"/x","user":"1:2","deadline_ms":5,
            "grace_ms":6,"drain_ms":8,"hidden":true,"kill_group":true,"login_once":true,
            "report":true})");
    const auto& run = std::get<RunStage>(command);
    EXPECT_EQ(run.stage, 7);
    EXPECT_EQ(run.script, "echo");
    EXPECT_EQ(run.shells, std::vector<std::string>{"/bin/sh"});
    EXPECT_EQ(run.arguments, std::vector<std::string>{"-l"});
    ASSERT_EQ(run.environment.size(), 2U);
    EXPECT_EQ(run.cwd, "/x");
    EXPECT_EQ(run.user, "1:2");
    EXPECT_EQ(run.deadline_ms, 5);
    EXPECT_EQ(run.grace_ms, 6);
    EXPECT_EQ(run.drain_ms, 8);
    EXPECT_TRUE(run.hidden);
    EXPECT_TRUE(run.kill_group);
    EXPECT_TRUE(run.login_once);
    EXPECT_TRUE(run.report);
}

TEST(Messages, UsesDefaultsForMissingFields) {
    const auto command = parse_command(R"({"op":"run","stage":1,"script":"","shells":["a"]})");
    const auto& run = std::get<RunStage>(command);
    EXPECT_EQ(run.deadline_ms, 0);
    EXPECT_EQ(run.grace_ms, kDefaultGraceMs);
    EXPECT_FALSE(run.hidden);
}

TEST(Messages, ReadsHowManyCoresMayUnpackAnUpload) {
    const auto unpack_of = [](const char* text) {
        return std::get<FileCommand>(parse_command(text)).unpack;
    };
    EXPECT_EQ(unpack_of(R"({"op":"put_file","id":"1","path":"/a","unpack":4})"), 4U);
    EXPECT_EQ(unpack_of(R"({"op":"put_file","id":"1","path":"/a"})"), 0U) << "from an older daemon";
}

TEST(Messages, RefusesMalformedCommandsWithoutQuotingThem) {
    for (const char* text :
         {"", "[]", "{", R"({"op":"dance"})", R"({"op":"run","stage":"SECRET"})",
          R"({"op":"hello"})", R"({"op":"run","stage":1,"script":"x","shells":"SECRET"})",
          R"("SECRET)"}) {
        try {
            parse_command(text);
            FAIL() << "accepted " << text;
        } catch (const Failure& failure) {
            EXPECT_EQ(std::string(failure.what()).find("SECRET"), std::string::npos)
                << failure.what();
        }
    }
}

TEST(Messages, WritesStringsThatAreNotUtf8) {
    const ExitReport report{1, 0, "exit", "", "a\xff z", ""};
    EXPECT_NE(exited_json(report).find("\"output\":\"a"), std::string::npos);
    EXPECT_EQ(id_of_notice(answer_json("id-1", "no\xfe")), "id-1");
    EXPECT_NE(answer_json_from_worker("id-2", "garbage").find("\"ok\":false"), std::string::npos);
}

}  // namespace
}  // namespace executors::helper
