#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Utf8, ACutEndsWithAWholeCharacter) {
    EXPECT_EQ(base::cut_utf8("abc", 3), "abc");
    EXPECT_EQ(base::cut_utf8("abc", 2), "ab");
    EXPECT_EQ(base::cut_utf8("a\u00fcb", 2), "a");
    EXPECT_EQ(base::cut_utf8("a\u00fcb", 3), "a\u00fc");
    EXPECT_EQ(base::cut_utf8("\u20ac", 2), "");
    EXPECT_EQ(base::cut_utf8("", 0), "");
}

}  // namespace
