#include "runner/status/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "runner/status/routes.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/runner/status/snapshot_sample.hpp"

namespace runner::status {
namespace {

using nlohmann::json;
using testing::HasSubstr;

RecentJob ended_job() {
    RecentJob recent;
    recent.job.id = 11;
    recent.job.name = "lint";
    recent.job.state = "failed";
    recent.job.started_unix_micros = 1'700'000'000'000'000;
    recent.failure_reason = "script_failure";
    recent.message = "exit code 1";
    recent.finished_unix_micros = 1'700'000'004'500'000;
    return recent;
}

class FakeSource final : public PageSource {
  public:
    explicit FakeSource(Snapshot now) : now_(std::move(now)) {}
    [[nodiscard]] Snapshot now() const override { return now_; }
    [[nodiscard]] const Metrics& metrics() const override {
        static const Metrics metrics;
        return metrics;
    }
    std::shared_ptr<trace::LogFeed> log_of(const JobState&) override { return nullptr; }
    std::vector<RecentJob> recent(std::size_t most) override {
        return std::vector<RecentJob>(std::min<std::size_t>(most, 60), ended_job());
    }
    std::vector<RecentJob> recent_of(std::int64_t job) override {
        std::vector<RecentJob> found;
        for (const RecentJob& each : ended_) {
            if (each.job.id == job) found.push_back(each);
        }
        return found;
    }
    std::vector<RecentJob> ended_{ended_job()};

  private:
    Snapshot now_;
};

protocol::http::Response get(FakeSource& source, std::string target, std::string method = "GET") {
    protocol::http::Router router;
    add_pages(router, source);
    protocol::http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return tests::run_to_end(router.answer(std::move(request)));
}

protocol::http::Response get(std::string target, const Snapshot& now = sample(),
                             std::string method = "GET") {
    FakeSource source(now);
    return get(source, std::move(target), std::move(method));
}

TEST(StatusPages, TheJsonHasEverythingAtOneMoment) {
    const json page = json::parse(status_json(sample()));
    EXPECT_EQ(page["state"], "running");
    EXPECT_EQ(page["system_id"], "s_123456789abc");
    EXPECT_EQ(page["started_at"], "2023-11-14T22:13:20Z");
    EXPECT_EQ(page["uptime_seconds"], 90);
    EXPECT_EQ(page["concurrent"], 7);
    EXPECT_EQ(page["format"], 1);
    EXPECT_EQ(page["disks"][0]["free_bytes"], 1000);
    EXPECT_EQ(page["engines"][0]["version"], "28.1.1");
    EXPECT_TRUE(page["warm"]["environments"].empty());
    ASSERT_EQ(page["runners"].size(), 2U);
    EXPECT_EQ(page["runners"][0]["name"], "idle \"one\"");
    EXPECT_EQ(page["runners"][0]["last_contact"], nullptr);
    EXPECT_EQ(page["runners"][1]["healthy"], false);
    EXPECT_EQ(page["runners"][1]["last_contact"], "2023-11-14T22:14:20Z");
    EXPECT_EQ(page["runners"][1]["last_answer"], "403 Forbidden");
    EXPECT_EQ(page["runners"][1]["why"]["kind"], "token_refused");
    EXPECT_EQ(page["runners"][1]["why"]["level"], "problem");
    EXPECT_EQ(page["runners"][1]["running"], 1);
    ASSERT_EQ(page["jobs"].size(), 1U);
    const json& job = page["jobs"][0];
    EXPECT_EQ(job["id"], 12);
    EXPECT_EQ(job["stage"], "step_script");
    EXPECT_EQ(job["age_seconds"], 120);
    EXPECT_EQ(job["stage_age_seconds"], 10);
    EXPECT_EQ(job["restored"], true);
    EXPECT_EQ(job["waits_for"], "the image alpine");
    EXPECT_EQ(job["short_token"], "tok_busy1");
}

TEST(StatusPages, TheJsonHasTheEnvironmentsThatWait) {
    Snapshot now = sample();
    now.warm.environments = {{.short_token = "tok_busy1",
                              .image = "alpine",
                              .project_id = 7,
                              .container = "runner-x-build",
                              .engine = true,
                              .age_seconds = 12,
                              .memory_bytes = 5000}};
    now.warm.counts["tok_busy1"] = {.hits = 3, .misses = {{"empty", 2}}, .made = 5, .removed = 1};
    const json warm = json::parse(status_json(now))["warm"];
    EXPECT_EQ(warm["environments"][0]["image"], "alpine");
    EXPECT_EQ(warm["environments"][0]["engine"], true);
    EXPECT_EQ(warm["environments"][0]["memory_bytes"], 5000);
    EXPECT_EQ(warm["counts"][0]["short_token"], "tok_busy1");
    EXPECT_EQ(warm["counts"][0]["misses"]["empty"], 2);
    EXPECT_EQ(warm["counts"][0]["removed"], 1);
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

TEST(StatusPages, JobsAreTheRunningAndTheRecentOnes) {
    const json page = json::parse(get("/jobs").body);
    EXPECT_EQ(page["format"], 1);
    EXPECT_EQ(page["running"][0]["id"], 12);
    ASSERT_EQ(page["recent"].size(), 50U);
    EXPECT_EQ(page["recent"][0]["id"], 11);
    EXPECT_EQ(page["recent"][0]["failure_reason"], "script_failure");
    EXPECT_EQ(page["recent"][0]["message"], "exit code 1");
    EXPECT_EQ(page["recent"][0]["duration_seconds"], 4.5);
    EXPECT_EQ(page["recent"][0]["finished_at"], "2023-11-14T22:13:24Z");
    EXPECT_EQ(json::parse(get("/jobs?limit=3").body)["recent"].size(), 3U);
    EXPECT_EQ(get("/jobs?limit=many").status, 400U);
}

TEST(StatusPages, AJobIsARunningOrARecentOne) {
    EXPECT_EQ(json::parse(get("/jobs/12").body)["job"]["stage"], "step_script");
    EXPECT_EQ(json::parse(get("/jobs/11").body)["job"]["state"], "failed");
    for (const auto* path : {"/jobs/13", "/jobs/x", "/jobs/12x", "/jobs/-1", "/jobs/13/log"}) {
        EXPECT_EQ(get(path).status, 404U) << path;
    }
    EXPECT_EQ(get("/jobs/11/log").headers.get("Content-Type"), "text/event-stream");
    EXPECT_EQ(get("/jobs/11/log?from=x").status, 400U);
}

TEST(StatusPages, ANumberOfTwoServersNeedsTheRunner) {
    Snapshot now = sample();
    now.jobs.push_back(now.jobs.front());
    now.jobs.back().runner_name = "other";
    now.jobs.back().short_token = "tok_other";
    now.jobs.back().name = "deploy";
    for (const auto* path : {"/jobs/12", "/jobs/12/log"}) {
        const auto refused = get(path, now);
        EXPECT_EQ(refused.status, 409U) << path;
        EXPECT_THAT(refused.body, HasSubstr("busy or other")) << path;
    }
    const auto name = [&now](const std::string& query) -> std::string {
        return json::parse(get("/jobs/12?runner=" + query, now).body)["job"]["name"];
    };
    EXPECT_EQ(name("busy"), "build");
    EXPECT_EQ(name("other"), "deploy");
    EXPECT_EQ(name("tok_other"), "deploy");
    EXPECT_EQ(get("/jobs/12?runner=third", now).status, 404U);
}

TEST(StatusPages, AnEndedJobOfAnotherServerCountsToo) {
    FakeSource source(sample());
    RecentJob other = ended_job();
    other.job.id = 12;
    other.job.runner_name = "other";
    other.job.short_token = "tok_other";
    source.ended_.push_back(other);
    RecentJob former = other;  // an earlier try of the running job
    former.job.runner_name = "busy";
    former.job.short_token = "tok_busy1";
    source.ended_.push_back(former);
    EXPECT_EQ(get(source, "/jobs/12").status, 409U);
    EXPECT_EQ(json::parse(get(source, "/jobs/12?runner=busy").body)["job"]["state"], "running");
    EXPECT_EQ(json::parse(get(source, "/jobs/12?runner=other").body)["job"]["state"], "failed");
}

TEST(StatusPages, ThePageForPeopleIsThere) {
    const auto page = get("/");
    EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_THAT(page.body, HasSubstr("<script src=\"/page.js\""));
    EXPECT_THAT(page.body, testing::Not(HasSubstr("<style")));
    EXPECT_EQ(get("/page.css").headers.get("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(get("/page.js").headers.get("Content-Type"), "text/javascript; charset=utf-8");
}

TEST(StatusPages, EveryPathIsInTheDocument) {
    const auto text = base::read_file(RUNNER_SOURCE_DIR "/docs/status.md");
    ASSERT_TRUE(text);
    std::string list = get("/nothing").body;
    list.erase(0, list.find("There is:\n") + 10);
    for (std::string path : base::split(list, '\n')) {
        if (const auto id = path.find("{id}"); id != std::string::npos) path.replace(id, 4, "ID");
        EXPECT_THAT(*text, HasSubstr(path.empty() ? "" : "`" + path + "`"));
    }
}

TEST(StatusPages, NothingIsKeptInCaches) {
    for (const auto* path :
         {"/", "/jobs", "/jobs/12", "/jobs/11/log", "/health/live", "/health/ready", "/status.json",
          "/metrics", "/debug/jobs/list", "/nothing"}) {
        EXPECT_EQ(get(path).headers.get("Cache-Control"), "no-store") << path;
    }
}

}  // namespace
}  // namespace runner::status
