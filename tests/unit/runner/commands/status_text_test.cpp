#include "runner/commands/status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner::commands {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StatusEndpoint, IsWhereTheAddressIsReachedFromThisMachine) {
    struct Case {
        const char* address;
        const char* url;
    };
    const Case cases[] = {
        {":9252", "http://127.0.0.1:9252"},    {"0.0.0.0:80", "http://127.0.0.1:80"},
        {"10.0.0.5", "http://10.0.0.5:9252"},  {"10.0.0.5:", "http://10.0.0.5:9252"},
        {"[::]:1234", "http://[::1]:1234"},    {"[fe80::1]", "http://[fe80::1]:9252"},
        {"localhost:9", "http://localhost:9"},
    };
    for (const Case& c : cases) EXPECT_EQ(status_endpoint(c.address), c.url) << c.address;
}

TEST(StatusText, ShowsDaemonJobsAndRunners) {
    const auto text = status_text(R"({"version": "1.0", "revision": "abc", "state": "running",
        "uptime_seconds": 61, "system_id": "s_1", "concurrent": 4,
        "jobs": [{"id": 7, "project": "a/b", "name": "te\u001bst", "runner": "r", "stage": "step",
                  "stage_age_seconds": 2, "age_seconds": 3}],
        "runners": [{"name": "r", "executor": "docker", "url": "http://g", "healthy": false}]})");
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, testing::StartsWith("runner 1.0 (abc) is running for 1m1s, system id s_1\n"
                                           "1 of 4 jobs\n"));
    EXPECT_THAT(*text, HasSubstr("te?st"));
    EXPECT_THAT(*text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(*text, HasSubstr("unhealthy"));
    EXPECT_THAT(*text, HasSubstr("never"));
}

TEST(StatusText, SaysWhyNoJobIsTaken) {
    const auto text_with = [](const std::string& fields) {
        const auto text = status_text(R"({"state": "running", "jobs": [], )" + fields +
                                      R"("runners": [{"name": "r", "paused": true}]})");
        return text ? *text : text.error().message;
    };
    EXPECT_THAT(text_with(R"("paused": true, "draining": true, )"), HasSubstr("draining: no new"));
    EXPECT_THAT(text_with(R"("paused": true, "draining": false, )"), HasSubstr("\npaused: no new"));
    EXPECT_THAT(text_with(""), Not(HasSubstr("no new jobs")));
    EXPECT_THAT(text_with(""), HasSubstr("  paused  never"));
}

TEST(StatusText, SaysOnceThatADiskIsShort) {
    const std::string held =
        R"({"name": "r", "why": {"kind": "disk_short", "text": "The disk is"}})";
    const auto text =
        status_text(R"({"state": "running", "jobs": [], "runners": [)" + held + "," + held + "]}");
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, HasSubstr("\nno new jobs are taken: The disk is\n\n"));
    EXPECT_THAT(*text, HasSubstr("  disk short  "));
}

TEST(StatusText, SaysThatTheFileIsNotInUse) {
    const auto text = status_text(
        R"({"state": "running", "jobs": [], "runners": [],
            "config_problem": {"text": "c:1:2: wrong", "since": "2026-01-01T00:00:00Z"}})");
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, HasSubstr("\nconfig.toml is not in use since 2026-01-01T00:00:00Z, the "
                                 "former one is: c:1:2: wrong\n"));
}

TEST(StatusText, SaysHowManyJobsFoundTheirEnvironmentReady) {
    const auto text = status_text(R"({"state": "running", "jobs": [],
        "runners": [{"name": "first", "short_token": "abc"}],
        "warm": {"environments": [{"short_token": "abc"}, {"short_token": "other"}],
                 "counts": [{"short_token": "abc", "hits": 3,
                             "misses": {"dead": 0, "empty": 2, "image": 1}},
                            {"short_token": "gone", "hits": 0, "misses": {}}]}})");
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, testing::ContainsRegex("MADE AHEAD FOR +READY +HITS +MISSES +REASONS"));
    EXPECT_THAT(*text, testing::ContainsRegex("\nfirst +1 +3 +3 +empty 2, image 1\n"));
    EXPECT_THAT(*text, testing::ContainsRegex("\ngone +0 +0 +0\n"));
}

TEST(StatusText, HasNoTableOfEnvironmentsWithoutThem) {
    const auto text = status_text(R"({"state": "running", "jobs": [], "runners": [],
                                      "warm": {"environments": [], "counts": []}})");
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(*text, Not(HasSubstr("HITS")));
}

TEST(RecentJobs, AreShownWithTheirResults) {
    const auto jobs = nlohmann::json::parse(
        R"([{"id": 7, "project": "a/b", "name": "x", "runner": "r", "failure_reason": "",
             "duration_seconds": 61, "finished_at": "2026-01-01T00:00:00Z"},
            {"id": 8, "failure_reason": "script_failure"}])");
    const std::string table = recent_jobs_table(jobs);
    EXPECT_THAT(table, testing::ContainsRegex("7 +a/b +x +r +success +1m1s +2026"));
    EXPECT_THAT(table, testing::ContainsRegex("8 +script_failure\n"));
}

TEST(StatusText, RefusesWhatIsNoStatusPage) {
    for (const char* body : {"", "{}", "[]", "<html>"}) {
        const auto text = status_text(body);
        ASSERT_FALSE(text) << body;
        EXPECT_EQ(text.error().kind, base::ErrorKind::kProtocol) << body;
    }
}

}  // namespace
}  // namespace runner::commands
