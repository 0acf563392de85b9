#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "runner/config/config.hpp"
#include "tests/support/environment_variable.hpp"

namespace {

using namespace runner::config;

TEST(ShortToken, IsNineCharactersAfterThePrefix) {
    const std::pair<const char*, const char*> rows[] = {
        {"glrt-t1_dfbcddb115370d9bcc67", "dfbcddb11"},
        {"glrt-abcdefghijklm", "abcdefghi"},
        {"t3_abcdefghijklm", "abcdefghi"},
        {"glrtr-abcdefghijklm", "abcdefghi"},
        {"glcbt-abcdefghijklm", "abcdefghi"},
        {"GR1348941samplec750230", "samplec75"},
        {"_W6toEQip86F3HpcO9GZ", "_W6toEQip"},
        {"GRxyz48941sample", "GRxyz4894"},
        {"short", "short"},
        {"", ""},
    };
    for (const auto& [token, expected] : rows)
        EXPECT_EQ(short_token(base::Secret(token)), expected) << token;
}

TEST(Paths, TheEnvironmentNamesTheConfiguration) {
    {
        const tests::EnvironmentVariable file("CONFIG_FILE", "/tmp/c.toml");
        EXPECT_EQ(default_config_path(), "/tmp/c.toml");
    }
    const tests::EnvironmentVariable no_file("CONFIG_FILE", std::nullopt);
    const tests::EnvironmentVariable home("HOME", "/home/somebody");
    EXPECT_EQ(default_config_path(), ::geteuid() == 0
                                         ? "/etc/gitlab-runner/config.toml"
                                         : "/home/somebody/.gitlab-runner/config.toml");
}

}  // namespace
