#include "base/secret_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace {

class TokenFile : public testing::Test {
  protected:
    base::Result<base::Secret> read(const std::string& text) {
        std::ofstream(path_) << text;
        return base::read_token_file(path_);
    }
    tests::TempDir directory_;
    std::filesystem::path path_ = directory_.path() / "token";
};

TEST_F(TokenFile, HoldsTheTokenInItsOneLine) {
    EXPECT_EQ(read("of two words\n")->reveal(), "of two words");
    for (const char* text : {"glrt-abc", "glrt-abc\n", " glrt-abc\r\n\n"}) {
        const auto token = read(text);
        ASSERT_TRUE(token) << text;
        EXPECT_EQ(token->reveal(), "glrt-abc");
    }
}

TEST_F(TokenFile, RefusesMoreAndNamesTheFileOnly) {
    for (const char* text : {"one\ntwo", "one\ttwo", "one\x7ftwo"}) {
        const auto token = read(text);
        ASSERT_FALSE(token) << text;
        EXPECT_TRUE(token.error().is(base::ErrorKind::kInvalidInput));
        EXPECT_EQ(token.error().message,
                  path_.string() + " has more than one line: write the token alone into it");
    }
    EXPECT_EQ(read(" \n").error().message, path_.string() + " is empty");
    EXPECT_TRUE(
        base::read_token_file(directory_.path() / "none").error().is(base::ErrorKind::kNotFound));
}

}  // namespace
