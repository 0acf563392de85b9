#include <gtest/gtest.h>

#include "executors/helper/engine_wait.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {
namespace {

TEST(LastLines, TakesTheEndOfAText) {
    EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc\n");
    EXPECT_EQ(last_lines("a\nb\nc", 2), "b\nc");
    EXPECT_EQ(last_lines("a\nb", 5), "a\nb");
    EXPECT_EQ(last_lines("", 3), "");
    EXPECT_EQ(last_lines("\n", 3), "\n");
    EXPECT_EQ(last_lines("a\n\n\n", 1), "\n");
}

TEST(SplitText, KeepsEmptyParts) {
    EXPECT_EQ(split_text("a::b", ':'), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(split_text("", ':'), (std::vector<std::string>{""}));
}

TEST(BaseName, TakesWhatIsBehindTheLastSlash) {
    EXPECT_EQ(base_name("/a/b"), "b");
    EXPECT_EQ(base_name("b"), "b");
    EXPECT_EQ(base_name("/a/"), "");
}

}  // namespace
}  // namespace executors::helper
