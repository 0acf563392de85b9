#include "runner/migrate/service.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/strings.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::migrate {
namespace {

class Replace : public testing::Test {
  protected:
    /// Systemctl fails with `kind` for calls that begin with `failing`.
    base::Result<void> replace(const std::string& failing, base::ErrorKind kind) {
        const systemctl::Systemctl systemctl =
            [&](const std::vector<std::string>& words) -> base::Result<base::ProgramEnd> {
            calls_.push_back(base::join(words, " "));
            if (calls_.back() == failing) return base::make_error(kind, "failed");
            return base::ProgramEnd{};
        };
        ServiceSwitch services(
            systemctl, [](const std::string&) {}, directory_.path());
        return services.replace("old", "new");
    }

    std::vector<std::string> calls_;
    tests::TempDir directory_;
};

TEST_F(Replace, StopsTheOneAndStartsTheOther) {
    EXPECT_TRUE(replace("", base::ErrorKind::kIo).has_value());
    EXPECT_THAT(calls_,
                testing::ElementsAre("daemon-reload", "disable old.service", "stop old.service",
                                     "daemon-reload", "enable --now new.service"));
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(Replace, AnInterruptedStopGoesOnWithItsSettings) {
    const auto replaced = replace("stop old.service", base::ErrorKind::kCancelled);
    ASSERT_FALSE(replaced.has_value());
    EXPECT_THAT(replaced.error().message, testing::HasSubstr("systemctl enable --now old"));
    EXPECT_EQ(calls_.back(), "stop old.service");
    EXPECT_FALSE(std::filesystem::is_empty(directory_.path() / "old.service.d"));
}

TEST_F(Replace, GoesBackWhenTheOtherDoesNotStart) {
    const auto replaced = replace("enable --now new.service", base::ErrorKind::kUnavailable);
    ASSERT_FALSE(replaced.has_value());
    EXPECT_EQ(calls_[calls_.size() - 2], "disable --now new.service");
    EXPECT_EQ(calls_.back(), "enable --now old.service");
}

}  // namespace
}  // namespace runner::migrate
