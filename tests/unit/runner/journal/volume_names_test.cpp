#include "runner/journal/volume_names.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::journal {
namespace {

TEST(VolumePrefix, IsMadeAsTheOfficialRunnerMakesIt) {
    // printf %s glrt-token-s_0123456789ab-42-1 | sha256sum
    EXPECT_EQ(volume_prefix("glrt-token", "s_0123456789ab", 42, 1),
              "runner-c04ebfc7f376a3f99b5fe6b7aff1d2ff");
    EXPECT_NE(volume_prefix("glrt-token", "s_0123456789ab", 42, 1),
              volume_prefix("glrt-token", "s_0123456789ab", 42, 0));
}

TEST(AdoptedVolumes, ReplaceTheirNamesOnly) {
    AdoptedVolumes volumes;
    volumes.adopt("runner-a", "runner-b");
    EXPECT_EQ(volumes.in_place_of("runner-a"), "runner-b");
    EXPECT_EQ(volumes.in_place_of("runner-c"), "runner-c");
}

TEST(AdoptedVolumes, SurviveInTheStateDirectory) {
    const tests::TempDir directory;
    const auto none = AdoptedVolumes::read(directory.path());
    ASSERT_TRUE(none.has_value());
    EXPECT_EQ(none->size(), 0U);
    AdoptedVolumes volumes;
    volumes.adopt("runner-a", "runner-b");
    ASSERT_TRUE(volumes.write(directory.path()).has_value());
    const auto again = AdoptedVolumes::read(directory.path());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->in_place_of("runner-a"), "runner-b");
}

TEST(AdoptedVolumes, AFileWithOtherContentIsNamed) {
    const tests::TempDir directory;
    const auto file = directory.path() / "adopted-volumes.json";
    ASSERT_TRUE(base::write_file_atomic(file, "[1]", 0600, false).has_value());
    const auto read = AdoptedVolumes::read(directory.path());
    ASSERT_FALSE(read.has_value());
    EXPECT_TRUE(read.error().is(base::ErrorKind::kInvalidInput));
    EXPECT_NE(read.error().message.find(file.string()), std::string::npos);
}

}  // namespace
}  // namespace runner::journal
