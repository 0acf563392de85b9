#include "runner/daemon/kept_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {
namespace {

using testing::HasSubstr;

constexpr const char* kUrl = "https://gitlab.example.com";

NewToken replaced(const std::string& old_token, const std::string& token) {
    return {.url = kUrl,
            .old_token = base::Secret(old_token),
            .token = base::Secret(token),
            .dates = {"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}};
}

class KeptTokensTest : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(config_) << "# kept\n[[runners]]\nurl = \"" << kUrl
                               << "\"\ntoken = \"first\"\n[[runners]]\nurl = \"" << kUrl
                               << "\"\ntoken = \"other\"\n";
    }
    [[nodiscard]] std::string config_text() const { return base::read_file(config_).value(); }
    [[nodiscard]] std::vector<std::string> tokens_in_use(const KeptTokens& kept) const {
        auto config = config::load_config(config_);
        EXPECT_TRUE(config);
        kept.use_in(*config);
        std::vector<std::string> tokens;
        for (const auto& runner : config->runners) tokens.push_back(runner.token.reveal());
        return tokens;
    }

    tests::TempDir dir_;
    std::filesystem::path config_ = dir_.path() / "config.toml";
    std::filesystem::path state_ = dir_.path() / "state";
};

TEST_F(KeptTokensTest, AreUsedByThisAndByLaterProcesses) {
    KeptTokens kept(state_);
    ASSERT_TRUE(kept.keep(replaced("first", "second")));
    struct stat about {};
    ASSERT_EQ(::stat(kept.file().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    for (const KeptTokens& one : {kept, KeptTokens(state_)})
        EXPECT_THAT(tokens_in_use(one), testing::ElementsAre("second", "other"));
    EXPECT_THAT(config_text(), HasSubstr("\"first\""));
}

TEST_F(KeptTokensTest, AreForgottenWhenTheConfigurationHasThem) {
    KeptTokens kept(state_);
    ASSERT_TRUE(kept.keep(replaced("first", "second")));
    ASSERT_TRUE(kept.keep(replaced("second", "third")));
    EXPECT_THAT(tokens_in_use(kept), testing::ElementsAre("third", "other"));
    ASSERT_TRUE(kept.write_into(config_));
    EXPECT_TRUE(kept.empty());
    EXPECT_FALSE(std::filesystem::exists(kept.file()));
    EXPECT_THAT(config_text(), HasSubstr("# kept\n"));
    EXPECT_THAT(config_text(), HasSubstr("token = \"third\"\n"));
    EXPECT_THAT(config_text(), HasSubstr("token_expires_at = 2026-02-01T00:00:00Z\n"));
}

TEST_F(KeptTokensTest, StayWhenTheConfigurationCannotBeRead) {
    KeptTokens kept(state_);
    ASSERT_TRUE(kept.keep(replaced("first", "second")));
    std::filesystem::remove(config_);
    EXPECT_FALSE(kept.write_into(config_));
    EXPECT_FALSE(kept.empty());
}

TEST_F(KeptTokensTest, AnotherProcessMayAddOne) {
    KeptTokens kept(state_);
    ASSERT_TRUE(KeptTokens(state_).keep(replaced("first", "second")));
    EXPECT_TRUE(kept.empty());
    kept.read();
    kept.read();
    EXPECT_THAT(tokens_in_use(kept), testing::ElementsAre("second", "other"));
}

TEST_F(KeptTokensTest, AFileThatIsNoListOfTokensKeepsNothing) {
    ASSERT_TRUE(base::make_directories(state_, 0700));
    for (const char* text : {"", "{", "[1]", "[{\"url\":\"x\"}]"}) {
        std::ofstream(state_ / "new-tokens.json") << text;
        EXPECT_TRUE(KeptTokens(state_).empty()) << text;
    }
}

TEST_F(KeptTokensTest, WritingSaysWhetherAnEntryHadTheOldToken) {
    EXPECT_TRUE(write_token(config_, replaced("first", "second")).value());
    EXPECT_FALSE(write_token(config_, replaced("first", "third")).value());
    EXPECT_THAT(config_text(), HasSubstr("\"second\""));
}

TEST_F(KeptTokensTest, ACheckFindsWhatWouldPreventTheEdit) {
    const std::string before = config_text();
    config::RunnerConfig runner;
    runner.url = kUrl;
    runner.token = base::Secret("first");
    EXPECT_TRUE(check_token_edit(config_, runner));
    EXPECT_EQ(config_text(), before);
    runner.token = base::Secret("gone");
    EXPECT_TRUE(check_token_edit(config_, runner).error().is(base::ErrorKind::kConflict));
    runner.token = base::Secret("first");
    std::ofstream(config_) << "runners = [{url = \"" << kUrl << "\", token = \"first\"}]\n";
    EXPECT_TRUE(check_token_edit(config_, runner).error().is(base::ErrorKind::kConflict));
}

TEST_F(KeptTokensTest, ATokenFromAFileIsNotReplacedInTheConfiguration) {
    const auto file = dir_.path() / "token";
    std::ofstream(file) << "first\n";
    const std::string text = std::string("[[runners]]\nurl = \"") + kUrl + "\"\ntoken_file = \"" +
                             file.string() + "\"\n";
    std::ofstream(config_) << text;
    const auto config = config::load_config(config_);
    ASSERT_TRUE(config);
    const auto possible = check_token_edit(config_, config->runners[0]);
    ASSERT_FALSE(possible);
    EXPECT_THAT(possible.error().message, HasSubstr(file.string()));
    EXPECT_FALSE(write_token(config_, replaced("first", "second")));
    EXPECT_EQ(config_text(), text);
}

}  // namespace
}  // namespace runner::daemon
