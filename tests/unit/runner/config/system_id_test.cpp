#include "runner/config/system_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace runner::config;

TEST(SystemId, IsDerivedAsOfficially) {
    // printf gitlab-runner | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    EXPECT_EQ(system_id_from_machine_id("0123456789abcdef0123456789abcdef"), "s_ee3af03959fe");
}

TEST(SystemId, IsMadeOnceAndKept) {
    const tests::TempDir dir;
    const auto first = load_system_id(dir.path() / "config.toml");
    EXPECT_TRUE(first.created);
    EXPECT_THAT(first.value, testing::MatchesRegex("[sr]_[0-9a-zA-Z]+"));
    EXPECT_EQ(first.value.size(), 14U);
    const auto file = dir.path() / ".runner_system_id";
    EXPECT_EQ(*base::read_file(file), first.value);
    struct stat about {};
    ASSERT_EQ(::stat(file.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    std::ofstream(file) << "r_abcDEF012345\n";
    const auto second = load_system_id(dir.path() / "config.toml");
    EXPECT_EQ(second.value, "r_abcDEF012345");
    EXPECT_FALSE(second.created);
}

TEST(SystemId, ABrokenFileIsReplacedWithAWarning) {
    const tests::TempDir dir;
    std::ofstream(dir.path() / ".runner_system_id") << "nonsense";
    const auto id = load_system_id(dir.path() / "config.toml");
    EXPECT_TRUE(id.created);
    EXPECT_EQ(id.warnings.size(), 1U);
    EXPECT_EQ(*base::read_file(dir.path() / ".runner_system_id"), id.value);
}

TEST(SystemId, IsUsedEvenIfItCannotBeWritten) {
    const auto id = load_system_id("/proc/none/config.toml");
    EXPECT_EQ(id.value.size(), 14U);
    EXPECT_EQ(id.warnings.size(), 1U);
}

}  // namespace
