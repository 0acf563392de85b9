#include "runner/status/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "tests/unit/runner/status/snapshot_sample.hpp"

namespace runner::status {
namespace {

using nlohmann::json;
using testing::HasSubstr;

protocol::http::Response get(std::string target, const Snapshot& now = sample(),
                             std::string method = "GET") {
    static const Metrics metrics;
    protocol::http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return answer(request, now, metrics);
}

TEST(StatusPages, TheJsonHasEverythingAtOneMoment) {
    const json page = json::parse(status_json(sample()));
    EXPECT_EQ(page["state"], "running");
    EXPECT_EQ(page["system_id"], "s_123456789abc");
    EXPECT_EQ(page["started_at"], "2023-11-14T22:13:20Z");
    EXPECT_EQ(page["uptime_seconds"], 90);
    EXPECT_EQ(page["concurrent"], 7);
    ASSERT_EQ(page["runners"].size(), 2U);
    EXPECT_EQ(page["runners"][0]["name"], "idle \"one\"");
    EXPECT_EQ(page["runners"][0]["last_contact"], nullptr);
    EXPECT_EQ(page["runners"][1]["healthy"], false);
    EXPECT_EQ(page["runners"][1]["last_contact"], "2023-11-14T22:14:20Z");
    EXPECT_EQ(page["runners"][1]["last_answer"], "403 Forbidden");
    ASSERT_EQ(page["jobs"].size(), 1U);
    const json& job = page["jobs"][0];
    EXPECT_EQ(job["id"], 12);
    EXPECT_EQ(job["stage"], "step_script");
    EXPECT_EQ(job["age_seconds"], 120);
    EXPECT_EQ(job["stage_age_seconds"], 10);
    EXPECT_EQ(job["restored"], true);
}

TEST(StatusPages, TextThatIsNoUtf8DoesNotBreakTheJson) {
    Snapshot now = sample();
    now.jobs[0].name = "caf\xe9";
    EXPECT_FALSE(json::parse(status_json(now), nullptr, false).is_discarded());
}

TEST(StatusPages, TheJobListIsTheOfficialOne) {
    EXPECT_EQ(jobs_list(sample()),
              "url=https://gitlab.example.com/j/12 state=running stage=step_script "
              "executor_stage=docker_run duration=2m0s\n");
    EXPECT_EQ(get("/debug/jobs/list").headers.get("X-List-Version"), "2");
    EXPECT_EQ(jobs_list(Snapshot{}), "");
}

TEST(StatusPages, ReadyMeansThatJobsAreTaken) {
    EXPECT_EQ(get("/health/ready").status, 200U);
    for (const auto* state : {"starting", "graceful-shutdown", "forceful-shutdown"}) {
        Snapshot now = sample();
        now.process_state = state;
        const auto ready = get("/health/ready", now);
        EXPECT_EQ(ready.status, 503U);
        EXPECT_THAT(ready.body, HasSubstr(state));
        EXPECT_EQ(get("/health/live", now).status, 200U);
        EXPECT_EQ(get("/debug/process/state", now).body, std::string(state) + "\n");
    }
}

TEST(StatusPages, AnswersGetAndHeadOnly) {
    EXPECT_EQ(get("/metrics", sample(), "HEAD").status, 200U);
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        const auto refused = get("/metrics", sample(), method);
        EXPECT_EQ(refused.status, 405U);
        EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD");
    }
}

TEST(StatusPages, AnUnknownPathNamesTheKnownOnes) {
    const auto missing = get("/metric");
    EXPECT_EQ(missing.status, 404U);
    EXPECT_THAT(missing.body, HasSubstr("/metrics\n"));
    EXPECT_EQ(get("/metrics?name[]=x").status, 200U);
}

TEST(StatusPages, NothingIsKeptInCaches) {
    for (const auto* path : {"/health/live", "/health/ready", "/status.json", "/metrics",
                             "/debug/jobs/list", "/nothing"}) {
        EXPECT_EQ(get(path).headers.get("Cache-Control"), "no-store") << path;
    }
}

}  // namespace
}  // namespace runner::status
