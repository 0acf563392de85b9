#include "runner/migrate/config_report.hpp"

#include <gmock/gmock.h>

namespace runner::migrate {
namespace {

using Meaning = ConfigLine::Meaning;
using testing::HasSubstr;

constexpr std::string_view kOfficial = R"(concurrent = 4
check_interval = 0

[session_server]
  session_timeout = 900

[[runners]]
  name = "host"
  url = "https://gitlab.example.com/"
  token = "glrt-abcdefghijklmnopqrst"
  executor = "docker"
  [runners.cache]
    Type = "s3"
    [runners.cache.s3]
      BucketName = "b"
  [runners.docker]
    image = "alpine:3"
    helper_image = "x"
    imagee = 3
[[runners]]
  name = "k"
  url = "https://gitlab.example.com/"
  token = "glrt-abcdefghijklmnopqrsu"
  executor = "kubernetes"
)";

class ReportConfig : public testing::Test {
  protected:
    ReportConfig() {
        const auto root = config::parse_toml(kOfficial, "config.toml");
        lines_ = report_config(*root, config::inspect(*root, "config.toml"));
    }
    const ConfigLine& at(int number) const {
        for (const auto& line : lines_) {
            if (line.line == number) return line;
        }
        ADD_FAILURE() << "no line " << number;
        return lines_.front();
    }
    std::vector<ConfigLine> lines_;
};

TEST_F(ReportConfig, HasEveryKeyAndHeaderInTheOrderOfTheFile) {
    std::vector<int> numbers;
    numbers.reserve(lines_.size());
    for (const auto& line : lines_) numbers.push_back(line.line);
    EXPECT_THAT(numbers, testing::ElementsAre(1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
                                              18, 19, 20, 21, 22, 23, 24));
    EXPECT_EQ(at(7).key, "[[runners]]");
    EXPECT_EQ(at(16).key, "[runners.docker]");
    EXPECT_EQ(at(16).depth, 1);
    EXPECT_EQ(at(17).depth, 2);
}

TEST_F(ReportConfig, SaysWhatWorksAndWhatDiffers) {
    EXPECT_EQ(at(1).meaning, Meaning::kWorks);
    EXPECT_EQ(at(17).meaning, Meaning::kWorks);
    EXPECT_EQ(at(2).meaning, Meaning::kDiffers);
    EXPECT_THAT(at(2).text, HasSubstr("as soon as there is room"));
}

TEST_F(ReportConfig, SaysWhatDoesNothing) {
    for (const int line : {18, 19})
        EXPECT_EQ(at(line).meaning, Meaning::kNoEffect) << "line " << line;
    EXPECT_THAT(at(18).text, HasSubstr("brings its own helper"));
    EXPECT_THAT(at(19).text, HasSubstr("did you mean \"image\"?"));
}

TEST_F(ReportConfig, SaysWhatStopsTheMove) {
    EXPECT_EQ(at(24).meaning, Meaning::kStops);
    EXPECT_THAT(at(24).text, HasSubstr("executor \"kubernetes\""));
    EXPECT_EQ(at(11).meaning, Meaning::kWorks);
}

}  // namespace
}  // namespace runner::migrate
