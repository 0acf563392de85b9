#include "base/strings.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Strings, NearestSuggestsOnlyWhatIsNear) {
    const std::vector<std::string> keys{"privileged", "pull_policy", "image"};
    EXPECT_EQ(base::nearest("priviledged", keys), "privileged");
    EXPECT_EQ(base::nearest("pullpolicy", keys), "pull_policy");
    EXPECT_EQ(base::nearest("zzz", keys), "");
}

TEST(Strings, SplitKeepsEmptyParts) {
    EXPECT_EQ(base::split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(base::join({"a", "b"}, ", "), "a, b");
    EXPECT_EQ(base::trim("  x \n"), "x");
}

TEST(Strings, ReplaceAllReplacesFromTheLeftAndNothingTwice) {
    EXPECT_EQ(base::replace_all("aaaa", "aa", "a"), "aa");
    EXPECT_EQ(base::replace_all("a.b.", ".", ".."), "a..b..");
    EXPECT_EQ(base::replace_all("a", "b", "c"), "a");
    EXPECT_EQ(base::replace_all("", "b", "c"), "");
}

}  // namespace
