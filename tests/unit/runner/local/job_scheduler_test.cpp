#include "runner/local/job_scheduler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

using pipeline::state::Status;
using testing::ElementsAre;
using testing::IsEmpty;
using Consequence = JobScheduler::Consequence;

class RecordedStates final : public StateObserver {
  public:
    void on_state(std::size_t job, Status status, const std::string& note) override {
        texts.push_back(std::to_string(job) + " " + std::string(to_string(status)) +
                        (note.empty() ? "" : ": " + note));
    }
    std::vector<std::string> texts;
};

/// A scheduler for the pipeline of a text, with jobs by name. Every ready job starts.
class Scheduled {
  public:
    explicit Scheduled(const std::string& text, PipelineOptions options = {})
        : planned_(text),
          scheduler_(planned_.pipeline.jobs, planned_.loaded.configuration->stages,
                     std::move(options), states) {}

    /// Names of the jobs that start now.
    std::vector<std::string> start() {
        delays = scheduler_.advance();
        std::vector<std::string> names;
        while (const auto job = scheduler_.take_ready([](std::size_t) { return true; }))
            names.push_back(planned_.pipeline.jobs[*job].job->name);
        return names;
    }
    Consequence end(const std::string& name, JobEnd end = {}) {
        return scheduler_.finished(position(name), end);
    }
    Consequence fail(const std::string& name) {
        return end(name, {Status::kFailed, "script_failure", 1, "exit code 1"});
    }
    [[nodiscard]] std::size_t position(const std::string& name) const {
        return *scheduler_.process().find(name);
    }
    [[nodiscard]] Status status(const std::string& name) const {
        return scheduler_.process().jobs()[position(name)].status;
    }
    JobScheduler* operator->() { return &scheduler_; }

    RecordedStates states;
    std::vector<JobScheduler::Delay> delays;

  private:
    Planned planned_;
    JobScheduler scheduler_;
};

TEST(JobScheduler, StartsAStageWhenTheOneBeforeItHasEnded) {
    Scheduled jobs("stages: [one, two]\na: {stage: one, script: x}\nb: {stage: two, script: x}\n");
    EXPECT_THAT(jobs.start(), ElementsAre("a"));
    EXPECT_THAT(jobs.start(), IsEmpty());
    jobs.end("a");
    EXPECT_THAT(jobs.start(), ElementsAre("b"));
}

TEST(JobScheduler, AJobThatDoesNotFitKeepsItsPlace) {
    Scheduled jobs("a: {script: x}\nb: {script: x}\nc: {script: x}\n");
    jobs->advance();
    const auto not_a = [&](std::size_t job) { return job != jobs.position("a"); };
    EXPECT_EQ(jobs->take_ready(not_a), jobs.position("b"));
    EXPECT_EQ(jobs->take_ready([](std::size_t) { return true; }), jobs.position("a"));
    EXPECT_TRUE(jobs->has_ready());
    EXPECT_EQ(jobs->take_ready([](std::size_t) { return false; }), std::nullopt);
}

TEST(JobScheduler, AFailedJobWithRetriesLeftIsReadyAgain) {
    Scheduled jobs("a: {script: x, retry: 1}\n");
    jobs.start();
    EXPECT_EQ(jobs.fail("a"), Consequence::kNone);
    EXPECT_THAT(jobs.start(), ElementsAre("a"));
    jobs.fail("a");
    EXPECT_THAT(jobs.start(), IsEmpty());
    EXPECT_EQ(jobs->process().status(), Status::kFailed);
    EXPECT_THAT(jobs.states.texts,
                ElementsAre("0 pending", "0 running", "0 failed: exit code 1", "0 pending: retry 1",
                            "0 running", "0 failed: exit code 1"));
}

TEST(JobScheduler, TheNoteOfAnAllowedFailureSaysSo) {
    Scheduled jobs("a: {script: x, allow_failure: true}\n");
    jobs.start();
    jobs.fail("a");
    EXPECT_EQ(jobs.states.texts.back(), "0 failed: exit code 1 (allowed to fail)");
}

TEST(JobScheduler, AFailureCancelsThePipelineOnlyIfTheFileSaysSo) {
    const std::string text = "a: {script: x}\nallowed: {script: x, allow_failure: true}\n";
    Scheduled usual(text);
    usual.start();
    EXPECT_EQ(usual.fail("a"), Consequence::kNone);
    Scheduled cancelling(text, {.cancel_on_failure = true});
    cancelling.start();
    EXPECT_EQ(cancelling.fail("allowed"), Consequence::kNone);
    EXPECT_EQ(cancelling.fail("a"), Consequence::kCancelPipeline);
}

TEST(JobScheduler, AManualJobIsPlayedByNameOrOnRequest) {
    const std::string text = "m: {script: x, when: manual, allow_failure: false}\n";
    EXPECT_THAT(Scheduled(text, {.play = {"m"}}).start(), ElementsAre("m"));
    EXPECT_THAT(Scheduled(text, {.play_all = true}).start(), ElementsAre("m"));
    Scheduled asked(text);
    EXPECT_THAT(asked.start(), IsEmpty());
    EXPECT_THAT(asked->waiting_for_play(), ElementsAre(0));
    asked->play(0);
    EXPECT_THAT(asked->waiting_for_play(), IsEmpty());
    EXPECT_THAT(asked.start(), ElementsAre("m"));
}

TEST(JobScheduler, ABridgeWhoseChildWaitsIsNotAskedFor) {
    Scheduled jobs("t: {trigger: {include: c.yml, strategy: depend}}\n");
    jobs.start();
    jobs.end("t", {Status::kManual, {}, std::nullopt, {}});
    EXPECT_EQ(jobs.status("t"), Status::kManual);
    EXPECT_THAT(jobs->waiting_for_play(), IsEmpty());
}

TEST(JobScheduler, ADelayIsAnsweredAndItsEndMakesTheJobReady) {
    const std::string text = "d: {script: x, when: delayed, start_in: 90 seconds}\n";
    Scheduled jobs(text);
    EXPECT_THAT(jobs.start(), IsEmpty());
    ASSERT_EQ(jobs.delays.size(), 1U);
    EXPECT_EQ(jobs.delays[0].time, std::chrono::seconds(90));
    EXPECT_EQ(jobs.states.texts.front(), "0 scheduled: starts in 90 seconds");
    jobs->delay_over(0);
    EXPECT_THAT(jobs.start(), ElementsAre("d"));

    Scheduled impatient(text, {.wait_for_delays = false});
    EXPECT_THAT(impatient.start(), ElementsAre("d"));
    EXPECT_THAT(impatient.delays, IsEmpty());
}

TEST(JobScheduler, NothingBecomesReadyAfterACancel) {
    Scheduled jobs(
        "a: {script: x, retry: 2}\nd: {script: x, when: delayed, start_in: 1 hour}\n"
        "later: {script: x, stage: deploy, when: always}\n");
    jobs.start();
    jobs->cancel();
    jobs->delay_over(jobs.position("d"));
    EXPECT_EQ(jobs.end("a", {Status::kCanceled, {}, std::nullopt, {}}), Consequence::kNone);
    EXPECT_THAT(jobs.start(), IsEmpty());
    EXPECT_EQ(jobs.status("d"), Status::kCanceled);
    EXPECT_EQ(jobs.status("later"), Status::kCanceled);
    EXPECT_EQ(jobs->process().status(), Status::kCanceled);
}

TEST(JobScheduler, AJobThatFailsAfterACancelIsNotRetried) {
    Scheduled jobs("a: {script: x, retry: 2}\n");
    jobs.start();
    jobs->cancel();
    jobs.fail("a");
    EXPECT_THAT(jobs.start(), IsEmpty());
}

}  // namespace
}  // namespace runner::local
