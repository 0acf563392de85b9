#include "runner/journal/journal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using runner::journal::Checkpoint;
using runner::journal::FailureReason;
using runner::journal::find_jobs;
using runner::journal::JobRecord;
using runner::journal::Journal;
using runner::journal::Phase;

const std::string kUrl = "https://gitlab.example.com";

JobRecord record(std::int64_t received) {
    return {.url = kUrl,
            .short_token = "abc",
            .runner_id = 3,
            .slot = {.concurrent_id = 1, .concurrent_project_id = 2},
            .received_unix_micros = received,
            .ca_chain = "PEM",
            .correlation_id = "c0ffee"};
}

TEST(Journal, WhatWasSavedIsFoundAgain) {
    const tests::TempDir dir;
    auto journal = Journal::create(dir.path(), kUrl, 7, record(5), R"({"id":7})");
    ASSERT_TRUE(journal);
    Checkpoint checkpoint;
    checkpoint.phase = Phase::kReporting;
    checkpoint.plan_index = 2;
    checkpoint.stage_begun = true;
    checkpoint.takeovers = 3;
    checkpoint.renewals = 2;
    checkpoint.events_offset = 1234567890123;
    checkpoint.spool_bytes = 99;
    checkpoint.trace_state = "{\"a\":1}";
    checkpoint.progress.steps_reached = true;
    checkpoint.progress.stop = base::StopReason::kUserCancel;
    checkpoint.outcome.failure = {FailureReason::kScriptFailure, 42, "exit code 42"};
    ASSERT_TRUE(journal->save(checkpoint));

    const auto jobs = find_jobs(dir.path());
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].payload, R"({"id":7})");
    EXPECT_EQ(jobs[0].record.slot.concurrent_project_id, 2);
    EXPECT_EQ(jobs[0].record.short_token, "abc");
    EXPECT_EQ(jobs[0].record.ca_chain, "PEM");
    EXPECT_EQ(jobs[0].record.correlation_id, "c0ffee");
    const Checkpoint& found = jobs[0].checkpoint;
    EXPECT_EQ(found.phase, Phase::kReporting);
    EXPECT_EQ(found.plan_index, 2U);
    EXPECT_TRUE(found.stage_begun);
    EXPECT_EQ(found.takeovers, 3);
    EXPECT_EQ(found.renewals, 2);
    EXPECT_EQ(found.events_offset, 1234567890123U);
    EXPECT_EQ(found.trace_state, "{\"a\":1}");
    EXPECT_TRUE(found.progress.steps_reached);
    EXPECT_EQ(found.progress.stop, base::StopReason::kUserCancel);
    ASSERT_TRUE(found.outcome.failure);
    EXPECT_EQ(found.outcome.failure->exit_code, 42);
    EXPECT_EQ(found.outcome.failure->reason, FailureReason::kScriptFailure);
}

TEST(Journal, IsPrivate) {
    const tests::TempDir dir;
    auto journal = Journal::create(dir.path(), kUrl, 7, record(5), "{}");
    ASSERT_TRUE(journal);
    struct stat about {};
    ASSERT_EQ(::stat(journal->directory().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat((journal->directory() / "payload.json").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST(Journal, TheSameJobIsNotTakenTwice) {
    const tests::TempDir dir;
    ASSERT_TRUE(Journal::create(dir.path(), kUrl, 7, record(5), "{}"));
    auto again = Journal::create(dir.path(), kUrl, 7, record(6), "{}");
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().is(base::ErrorKind::kConflict));
    EXPECT_TRUE(Journal::create(dir.path(), "https://other.example.com", 7, record(6), "{}"));
}

TEST(Journal, OldestFirstAndNothingAfterRemove) {
    const tests::TempDir dir;
    auto late = Journal::create(dir.path(), kUrl, 1, record(20), "{}");
    auto early = Journal::create(dir.path(), kUrl, 2, record(10), "{}");
    ASSERT_TRUE(late && early);
    ASSERT_EQ(find_jobs(dir.path()).size(), 2U);
    EXPECT_EQ(find_jobs(dir.path())[0].record.received_unix_micros, 10);
    ASSERT_TRUE(early->remove());
    ASSERT_TRUE(late->remove());
    EXPECT_TRUE(find_jobs(dir.path()).empty());
}

TEST(Journal, ABrokenDirectoryIsKeptAndTheOthersAreRead) {
    const tests::TempDir dir;
    auto broken = Journal::create(dir.path(), kUrl, 1, record(1), "{}");
    ASSERT_TRUE(broken && Journal::create(dir.path(), kUrl, 2, record(2), "{}"));
    ASSERT_TRUE(
        base::write_file_atomic(broken->directory() / "checkpoint.json", "{\"phase\":", 0600));
    EXPECT_EQ(find_jobs(dir.path()).size(), 1U);
    EXPECT_TRUE(std::filesystem::exists(broken->directory().string() + ".broken"));
    EXPECT_EQ(find_jobs(dir.path()).size(), 1U);
}

TEST(Journal, NoStateDirectoryMeansNoJobs) { EXPECT_TRUE(find_jobs("/nonexistent").empty()); }

}  // namespace
