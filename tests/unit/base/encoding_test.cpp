#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace {

using base::from_hex;
using base::percent_decode;
using base::percent_encode;

TEST(Hex, HasTwoLowerCaseDigitsForEachByte) {
    EXPECT_EQ(base::to_hex(""), "");
    EXPECT_EQ(base::to_hex(std::string("\x00\x7f\x80\xff", 4)), "007f80ff");
    EXPECT_EQ(from_hex("007f80ff"), std::string("\x00\x7f\x80\xff", 4));
    EXPECT_EQ(from_hex("aBCd"), "\xab\xcd");
    EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesOtherCharactersAndOddLengths) {
    for (const char* text : {"a", "0g", "g0", " 1", "-1", "0x", "12 "}) {
        EXPECT_FALSE(from_hex(text).has_value()) << text;
    }
}

TEST(PercentEncode, LeavesTheUnreserved) {
    EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
    EXPECT_EQ(percent_encode("a b/c?d=e&f+%"), "a%20b%2Fc%3Fd%3De%26f%2B%25");
    EXPECT_EQ(percent_encode("\xc3\xa9\n"), "%C3%A9%0A");
}

TEST(PercentEncode, KeepsTheCharactersTheCallerNames) {
    EXPECT_EQ(percent_encode("a/b c", [](char c) { return c != ' '; }), "a/b%20c");
}

TEST(PercentDecode, LeavesPercentSignsWithoutTwoDigits) {
    EXPECT_EQ(percent_decode("a%20b%2Fc%c3%A9"), "a b/c\xc3\xa9");
    for (const char* text : {"", "%", "%2", "100%", "%zz", "%2x", "a%%b"}) {
        EXPECT_EQ(percent_decode(text), text);
    }
    EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(ShellQuote, IsOneWordWhateverTheText) {
    EXPECT_EQ(base::shell_quote(""), "''");
    EXPECT_EQ(base::shell_quote("a b$c\n"), "'a b$c\n'");
    EXPECT_EQ(base::shell_quote("it's"), "'it'\\''s'");
}

TEST(Base64, KnowsThePadding) {
    EXPECT_EQ(base::base64_encode(""), "");
    EXPECT_EQ(base::base64_encode("f"), "Zg==");
    EXPECT_EQ(base::base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base::base64_encode("foo"), "Zm9v");
    EXPECT_EQ(base::base64url_encode("\xfb\xff"), "-_8=");
}

TEST(Base64, IsReadInEitherAlphabet) {
    for (const char* text : {"", "Zg==", "Zg", "Zm8=", "Zm9v", "-_8=", "+/8="}) {
        const auto bytes = base::base64_decode(text);
        ASSERT_TRUE(bytes) << text;
    }
    EXPECT_EQ(base::base64_decode("Zm9v\nZg=="), "foof");
    EXPECT_EQ(base::base64_decode("-_8="), "\xfb\xff");
    EXPECT_EQ(base::base64_decode("+/8="), "\xfb\xff");
    EXPECT_EQ(base::base64_decode("Zm9v!"), std::nullopt);
}

}  // namespace
