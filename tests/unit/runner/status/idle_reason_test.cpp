#include "runner/status/idle_reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/files.hpp"

namespace runner::status {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNow = 1'700'000'000 * kSecond;  // 2023-11-14T22:13:20Z

JobState job(std::int64_t id, const char* token, std::int64_t age_seconds) {
    JobState made;
    made.id = id;
    made.short_token = token;
    made.stage = "step_script";
    made.started_unix_micros = kNow - age_seconds * kSecond;
    return made;
}

/// A runner that asks and gets nothing, on a daemon with room.
Snapshot idle() {
    Snapshot now;
    now.now_unix_micros = kNow;
    now.process_state = "running";
    now.concurrent = 2;
    RunnerState runner;
    runner.name = "one";
    runner.short_token = "tok_one";
    runner.url = "https://gitlab.example.com";
    runner.executor = "docker";
    runner.last_kind = LastAnswer::kNoJob;
    now.runners = {runner};
    return now;
}

struct Case {
    IdleKind kind;
    IdleLevel level;
    const char* text;
    std::function<void(Snapshot&, RunnerState&)> change;
};

std::vector<Case> cases() {
    using enum IdleKind;
    using enum IdleLevel;
    using S = Snapshot;
    using R = RunnerState;
    return {
        {kNoJob, kFine, "has no job for it", [](S&, R&) {}},
        {kNoJob, kFine, "has no job for it", [](S&, R& r) { r.last_kind = LastAnswer::kJob; }},
        {kNotAsked, kFine, "No request", [](S&, R& r) { r.last_kind = LastAnswer::kNone; }},
        {kStarting, kHeld, "starting", [](S& s, R&) { s.process_state = "starting"; }},
        {kStopping, kHeld, "shutting down",
         [](S& s, R&) { s.process_state = "graceful-shutdown"; }},
        {kDraining, kHeld, "drained", [](S& s, R&) { s.draining = true; }},
        {kPaused, kHeld, "`runner resume one`", [](S&, R& r) { r.paused = true; }},
        {kUnknownExecutor, kProblem, "no executor \"podman\"",
         [](S&, R& r) {
             r.executor = "podman";
             r.known_executor = false;
         }},
        {kUnusable, kProblem, "cannot be used: the URL is empty",
         [](S&, R& r) {
             r.last_kind = LastAnswer::kUnusable;
             r.last_answer = "the URL is empty";
         }},
        {kTokenRefused, kProblem, "since 2023-11-14T22:12:20Z (403 Forbidden)",
         [](S&, R& r) {
             r.last_kind = LastAnswer::kRefused;
             r.last_answer = "403 Forbidden";
             r.failing_since_unix_micros = kNow - 60 * kSecond;
         }},
        {kTokenRefused, kProblem, "asked again at 2023-11-14T23:13:20Z",
         [](S&, R& r) {
             r.last_kind = LastAnswer::kRefused;
             r.resting_until_unix_micros = kNow + 3600 * kSecond;
         }},
        {kUnreachable, kProblem,
         "https://gitlab.example.com cannot be reached since 2023-11-14T22:12:20Z: connect: "
         "Connection refused",
         [](S&, R& r) {
             r.last_kind = LastAnswer::kNoServer;
             r.last_answer = "connect: Connection refused";
             r.failing_since_unix_micros = kNow - 60 * kSecond;
         }},
        {kServerError, kProblem, "with an error: 502 Bad Gateway",
         [](S&, R& r) {
             r.last_kind = LastAnswer::kError;
             r.last_answer = "502 Bad Gateway";
         }},
        {kNoPlace, kHeld,
         "concurrent = 2, taken by job 8 (step_script, 1m30s), job 9 (step_script, 5s).",
         [](S& s, R&) {
             s.jobs = {job(9, "other", 5), job(8, "other", 90)};
         }},
        {kNoPlace, kHeld, "job 3 (step_script, 4s) and 1 more.",
         [](S& s, R&) {
             s.concurrent = 4;
             s.jobs = {job(1, "a", 6), job(2, "a", 5), job(3, "a", 4), job(4, "a", 3)};
         }},
        {kLimit, kHeld, "limit = 1, taken by job 9 (step_script, 5s).",
         [](S& s, R& r) {
             r.limit = 1;
             s.jobs = {job(9, "tok_one", 5)};
         }},
        {kNoJob, kFine, "has no job for it",
         [](S& s, R& r) {
             r.limit = 1;
             s.jobs = {job(9, "other", 5)};
         }},
        {kDiskShort, kProblem, "The disk of",
         [](S&, R& r) {
             r.disk_problem = "The disk of the engine is short.";
             r.last_kind = LastAnswer::kNoServer;
         }},
        // What a person must mend comes before what will pass, and what was meant before both.
        {kTokenRefused, kProblem, "refuses its token",
         [](S& s, R& r) {
             r.last_kind = LastAnswer::kRefused;
             s.jobs = {job(1, "a", 1), job(2, "a", 1)};
         }},
        {kPaused, kHeld, "Paused",
         [](S&, R& r) {
             r.paused = true;
             r.last_kind = LastAnswer::kNoServer;
         }},
        {kStopping, kHeld, "shutting down",
         [](S& s, R& r) {
             s.process_state = "forceful-shutdown";
             s.draining = true;
             r.paused = true;
         }},
    };
}

TEST(IdleReason, IsTheFirstThatApplies) {
    for (const Case& row : cases()) {
        Snapshot now = idle();
        row.change(now, now.runners[0]);
        const IdleReason reason = idle_reason(now, now.runners[0]);
        EXPECT_EQ(to_string(reason.kind), to_string(row.kind)) << reason.text;
        EXPECT_EQ(to_string(level_of(reason.kind)), to_string(row.level)) << reason.text;
        EXPECT_THAT(reason.text, HasSubstr(row.text));
    }
}

TEST(IdleReason, EveryKindIsInTheDocument) {
    const auto text = base::read_file(RUNNER_SOURCE_DIR "/docs/status.md");
    ASSERT_TRUE(text);
    for (const Case& row : cases()) {
        EXPECT_THAT(*text, HasSubstr("`" + std::string(to_string(row.kind)) + "`"));
    }
}

}  // namespace
}  // namespace runner::status
