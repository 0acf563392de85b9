#include "runner/commands/gitlab_files.hpp"

#include <gtest/gtest.h>

namespace runner::commands {
namespace {

TEST(HighestVersion, ComparesNumbersAndSkipsTagsThatAreNoReleases) {
    const std::vector<std::string> tags{"1.2.0", "1.10.0", "v1.9.9", "2.0.0-rc1", "latest", "0.1"};
    EXPECT_EQ(highest_version(tags, ""), "1.10.0");
    EXPECT_EQ(highest_version(tags, "1"), "1.10.0");
    EXPECT_EQ(highest_version(tags, "1.2"), "1.2.0");
    EXPECT_EQ(highest_version(tags, "1.9"), "v1.9.9");
    EXPECT_EQ(highest_version(tags, "2"), "");
    EXPECT_EQ(highest_version({"0.0.0"}, ""), "0.0.0");
}

}  // namespace
}  // namespace runner::commands
