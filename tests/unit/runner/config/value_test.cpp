#include "runner/config/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

using namespace runner::config;
using testing::HasSubstr;

TEST(ConfigValue, ReadsMemoryUnits) {
    const std::pair<const char*, std::int64_t> rows[] = {
        {"512m", 512LL << 20},
        {"2g", 2LL << 30},
        {"1.5GiB", 3LL << 29},
        {"64kb", 64 << 10},
        {"1024", 1024},
        {"10b", 10},
        {"-1", -1},
        {"", 0},
        {"1 m", 1 << 20},
    };
    for (const auto& [text, bytes] : rows) {
        const auto got = parse_memory(text);
        ASSERT_TRUE(got) << text;
        EXPECT_EQ(*got, bytes) << text;
    }
    for (const char* text :
         {"lots", "5x", "-5m", "m", "1mm", "1bib", "9999999p", "nan", "nanb", "inf"}) {
        EXPECT_FALSE(parse_memory(text)) << text;
    }
}

TEST(ConfigValue, ReadsCpus) {
    EXPECT_EQ(*parse_cpus("1.5"), 1500000000);
    EXPECT_EQ(*parse_cpus(".25"), 250000000);
    EXPECT_EQ(*parse_cpus(""), 0);
    for (const char* text : {"two", "1,5", "-1", "1.5x", "nan", "inf"})
        EXPECT_FALSE(parse_cpus(text)) << text;
}

TEST(ConfigValue, ExpandsTheEnvironmentAndNamesWhatIsMissing) {
    ::setenv("RUNNER_TEST_HOST", "git.example", 1);
    ::unsetenv("RUNNER_TEST_NONE");
    std::vector<std::string> missing;
    EXPECT_EQ(expand_environment("https://${RUNNER_TEST_HOST}/x$RUNNER_TEST_HOST!", missing),
              "https://git.example/xgit.example!");
    EXPECT_TRUE(missing.empty());
    EXPECT_EQ(expand_environment("a$RUNNER_TEST_NONE-b", missing), "a-b");
    EXPECT_EQ(missing, std::vector<std::string>{"RUNNER_TEST_NONE"});
    missing.clear();
    EXPECT_EQ(expand_environment("$ 5$ ${ ${} $1 ${x", missing), "$ 5$ ${ ${} $1 ${x");
}

TEST(ConfigValue, TakesTextOfFlagsByTheTypeOfTheKey) {
    const auto of = [](const char* section, const char* name, std::vector<std::string> texts) {
        const Section* where = find_section(section);
        auto node = node_from_text(*find_key(*where, name), texts);
        return node ? to_toml(*node) : "error: " + node.error().message;
    };
    EXPECT_EQ(of("runners", "limit", {"7"}), "7");
    EXPECT_EQ(of("runners.docker", "privileged", {"true"}), "true");
    EXPECT_EQ(of("runners.docker", "volumes", {"/a:/b", "/cache"}), "[\"/a:/b\", \"/cache\"]");
    EXPECT_EQ(of("runners.docker", "pull_policy", {"never"}), "\"never\"");
    EXPECT_EQ(of("runners.docker", "pull_policy", {"always", "never"}), "[\"always\", \"never\"]");
    EXPECT_EQ(of("runners", "feature_flags", {"FF_A:true", "FF_B:0"}),
              "{ FF_A = true, FF_B = false }");
    EXPECT_EQ(of("runners.docker", "tmpfs", {"/run:rw,size=1m"}), "{ \"/run\" = \"rw,size=1m\" }");
    EXPECT_EQ(of("runners.docker", "services_devices", {"reg:5000/x:/dev/a,/dev/b"}),
              "{ \"reg:5000/x\" = [\"/dev/a\", \"/dev/b\"] }");
    EXPECT_EQ(of("runners", "unhealthy_interval", {"90s"}), "\"90s\"");
    EXPECT_EQ(of("runners", "limit", {"seven"}), "error: expected an integer, got \"seven\"");
    EXPECT_EQ(of("runners", "limit", {"99999999999"}), "error: 99999999999 is too large a number");
    EXPECT_THAT(of("runners.docker", "pull_policy", {"allways"}),
                HasSubstr("did you mean \"always\"?"));
    EXPECT_THAT(of("runners.docker", "memory", {"much"}), HasSubstr("expected a size such as"));
}

}  // namespace
