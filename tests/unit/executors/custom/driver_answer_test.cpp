#include "executors/custom/driver_answer.hpp"

#include <gtest/gtest.h>

namespace executors::custom {
namespace {

TEST(DriverAnswer, HasWhatTheDriverNames) {
    const auto answer = parse_driver_answer(R"({
        "builds_dir": "/b", "cache_dir": "/c", "builds_dir_is_shared": true, "hostname": "vm",
        "shell": "sh", "driver": {"name": "lxd", "version": "v1"}, "job_env": {"KEY": "value"},
        "unknown": [1]})");
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->builds_dir, "/b");
    EXPECT_EQ(answer->cache_dir, "/c");
    EXPECT_EQ(answer->builds_dir_is_shared, true);
    EXPECT_EQ(answer->hostname, "vm");
    EXPECT_EQ(answer->shell, "sh");
    EXPECT_EQ(answer->driver_name, "lxd");
    EXPECT_EQ(answer->driver_version, "v1");
    EXPECT_EQ(answer->job_env, (std::map<std::string, std::string>{{"KEY", "value"}}));
}

TEST(DriverAnswer, LeavesTheRestAsItIs) {
    for (const char* text : {"", " \n", "{}", R"({"builds_dir": null, "driver": null})"}) {
        const auto answer = parse_driver_answer(text);
        ASSERT_TRUE(answer.has_value()) << text;
        EXPECT_EQ(answer->builds_dir, std::nullopt);
        EXPECT_EQ(answer->driver_name, "");
    }
}

TEST(DriverAnswer, NamesTheKeyThatIsWrongAndNoValue) {
    const std::pair<const char*, const char*> cases[] = {
        {"secret {", "it is no JSON"},
        {R"(["secret"])", "it is not an object"},
        {R"({"builds_dir": ["secret"]})", "builds_dir is not a string"},
        {R"({"builds_dir_is_shared": "secret"})", "builds_dir_is_shared is not true or false"},
        {R"({"driver": "secret"})", "driver is not an object"},
        {R"({"driver": {"name": 1}})", "driver.name is not a string"},
        {R"({"job_env": {"KEY": 1}})", "job_env.KEY is not a string"},
    };
    for (const auto& [text, expected] : cases) {
        const auto answer = parse_driver_answer(text);
        ASSERT_FALSE(answer.has_value()) << text;
        EXPECT_EQ(answer.error().kind, base::ErrorKind::kIo);
        EXPECT_NE(answer.error().message.find(expected), std::string::npos)
            << answer.error().message;
        EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace executors::custom
