#include "runner/doctor/report.hpp"

#include <gmock/gmock.h>

#include "base/json.hpp"

namespace runner::doctor {
namespace {

std::vector<Line> lines() {
    return {{Place::kJob, "b", "mtu", ok("fine")},
            {Place::kHost, "", "gitlab", ok("answers")},
            {Place::kHost, "", "token", problem("is refused", "register again")}};
}

TEST(Report, GroupsByPlaceWithProblemsFirst) {
    EXPECT_EQ(report_text(lines(), {}),
              "Host\n"
              "  problem  token   is refused \u2192 register again\n"
              "  ok       gitlab  answers\n"
              "\n"
              "Job of the runner \"b\"\n"
              "  ok       mtu     fine\n"
              "\n"
              "1 problem, 0 warnings, 2 ok, 0 skipped\n");
}

TEST(Report, PutsARemedyThatDoesNotFitOnItsOwnLine) {
    EXPECT_THAT(report_text(lines(), {.colours = false, .width = 40}),
                ::testing::HasSubstr("  problem  token   is refused\n"
                                     "                 \u2192 register again\n"));
}

TEST(Report, HasColoursOnlyWhenAskedFor) {
    EXPECT_EQ(report_text(lines(), {}).find('\x1b'), std::string::npos);
    EXPECT_NE(report_text(lines(), {.colours = true, .width = 0}).find("\x1b[31;1mproblem"),
              std::string::npos);
}

TEST(Report, KeepsAFindingOnOneLine) {
    EXPECT_THAT(report_text({{Place::kHost, "", "x", problem("a\nb\n", "c")}}, {}),
                ::testing::HasSubstr("  problem  x  a b \u2192 c\n"));
}

TEST(Report, IsJsonForPrograms) {
    const auto report = nlohmann::json::parse(report_json(lines()));
    EXPECT_EQ(report["version"], 1);
    EXPECT_EQ(report["summary"]["problem"], 1);
    EXPECT_EQ(report["findings"][2]["remedy"], "register again");
    EXPECT_EQ(report["findings"][0]["place"], "job");
    EXPECT_TRUE(has_problem(lines()));
}

}  // namespace
}  // namespace runner::doctor
