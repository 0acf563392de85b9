#include "runner/local/pipeline_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <functional>
#include <map>

#include "base/strings.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

using pipeline::state::Status;

/// Jobs behave as their names say: "fails…" fails, "flaky…" fails once, "waits…" runs until it is
/// stopped, "blocked…" is a bridge whose child waits. All others succeed at once.
class FakeJobs final : public JobStarter, public StateObserver, public ManualJobChooser {
  public:
    explicit FakeJobs(const PipelineRun::Jobs& jobs) : jobs_(jobs) {}

    base::Task<JobEnd> run(std::size_t job) override {
        const int attempt = attempts_[job]++;
        const std::string name = jobs_[job].job->name;
        order.push_back(name);
        if (name.starts_with("blocked"))
            co_return JobEnd{Status::kManual, {}, std::nullopt, "its child waits"};
        if (jobs_[job].job->bridge) co_return JobEnd{Status::kSkipped, {}, std::nullopt, {}};
        most = std::max(most, ++running);
        auto slept = co_await base::sleep_for(std::chrono::milliseconds(1));
        static_cast<void>(slept);
        while (name.starts_with("waits") && !stopped) {
            auto again = co_await base::sleep_for(std::chrono::milliseconds(1));
            static_cast<void>(again);
        }
        --running;
        if (stopped) co_return JobEnd{Status::kCanceled, "job_canceled", std::nullopt, {}};
        const bool fails = name.starts_with("fails") || (name.starts_with("flaky") && attempt == 0);
        if (fails) co_return JobEnd{Status::kFailed, "script_failure", 3, "exit code 3"};
        if (on_end) on_end(name);
        co_return JobEnd{};
    }
    void stop_all() override { stopped = true; }

    void on_state(std::size_t, Status, const std::string&) override {}
    base::Task<std::vector<std::size_t>> choose(const std::vector<std::size_t>& manual) override {
        std::vector<std::string> names;
        for (const std::size_t job : manual) names.push_back(jobs_[job].job->name);
        asked.push_back(base::join(names, " "));
        std::vector<std::size_t> chosen;
        for (const std::size_t job : manual) {
            if (jobs_[job].job->name == answer) chosen.push_back(job);
        }
        co_return chosen;
    }

    const PipelineRun::Jobs& jobs_;
    std::map<std::size_t, int> attempts_;
    std::vector<std::string> order;
    std::vector<std::string> asked;
    std::string answer;
    std::function<void(const std::string&)> on_end;
    int running = 0;
    int most = 0;
    bool stopped = false;
};

struct Outcome {
    std::string order;
    std::string states;
    std::vector<std::string> asked;
    int most = 0;
    Status status = Status::kCreated;
};

struct Script {
    PipelineOptions options{};
    int slots = 4;
    std::string answer{};  ///< the manual job that is chosen
    std::string stop_after{};
};

base::Task<Outcome> drive(const Planned& planned, const Script& script) {
    auto executor = co_await boost::asio::this_coro::executor;
    Outcome outcome;
    FakeJobs jobs(planned.pipeline.jobs);
    jobs.answer = script.answer;
    Capacity capacity(executor, script.slots);
    PipelineRun run(executor, planned.pipeline.jobs, planned.loaded.configuration->stages,
                    script.options, {jobs, jobs, jobs, capacity});
    if (!script.stop_after.empty()) {
        jobs.on_end = [&](const std::string& name) {
            if (name == script.stop_after) run.stop();
        };
    }
    co_await run.run();
    outcome.order = base::join(jobs.order, " ");
    outcome.asked = jobs.asked;
    outcome.most = jobs.most;
    outcome.status = run.process().status();
    for (const auto& job : run.process().jobs()) {
        outcome.states += (outcome.states.empty() ? "" : " ") + job.name + ":" +
                          std::string(to_string(job.status));
    }
    if (capacity.free_slots() != script.slots) ADD_FAILURE() << "slots were not given back";
    co_return outcome;
}

Outcome run(const std::string& text, Script script = {},
            const pipeline::plan::CreateRequest& request = {}) {
    const Planned planned(text, request);
    return tests::run_to_end(drive(planned, script));
}

TEST(PipelineRun, RunsStagesInOrder) {
    const auto out =
        run("stages: [build, test]\nb: {stage: test, script: x}\na: {stage: build, script: x}\n");
    EXPECT_EQ(out.order, "a b");
    EXPECT_EQ(out.status, Status::kSuccess);
}

TEST(PipelineRun, AJobWithNeedsDoesNotWaitForItsStage) {
    const auto out =
        run("stages: [build, test]\nslow: {stage: build, script: x, needs: []}\n"
            "a: {stage: build, script: x}\nb: {stage: test, script: x, needs: []}\n",
            {.slots = 1});
    EXPECT_EQ(out.order, "slow a b");
    EXPECT_EQ(out.most, 1);
}

TEST(PipelineRun, RunsNoMoreJobsThanThereAreSlots) {
    const std::string text = "a: {script: x}\nb: {script: x}\nc: {script: x}\n";
    EXPECT_EQ(run(text, {.slots = 2}).most, 2);
    EXPECT_EQ(run(text, {.slots = 8}).most, 3);
}

TEST(PipelineRun, AFailureSkipsLaterJobsExceptOnFailureAndAlways) {
    const auto out = run(R"(
stages: [build, test]
fails: {stage: build, script: x}
usual: {stage: test, script: x}
rescue: {stage: test, script: x, when: on_failure}
report: {stage: test, script: x, when: always}
)");
    EXPECT_EQ(out.order, "fails rescue report");
    EXPECT_EQ(out.states, "fails:failed usual:skipped rescue:success report:success");
    EXPECT_EQ(out.status, Status::kFailed);
}

TEST(PipelineRun, AnAllowedFailureIsAWarning) {
    const auto out = run("fails: {script: x, allow_failure: {exit_codes: 3}}\n");
    EXPECT_EQ(out.status, Status::kSuccess);
    EXPECT_EQ(run("fails: {script: x, allow_failure: {exit_codes: 4}}\n").status, Status::kFailed);
}

TEST(PipelineRun, RetriesAFailedJobAsOftenAsRetrySays) {
    EXPECT_EQ(run("flaky: {script: x, retry: 1}\n").order, "flaky flaky");
    EXPECT_EQ(run("flaky: {script: x, retry: 1}\n").status, Status::kSuccess);
    EXPECT_EQ(run("fails: {script: x, retry: 2}\n").order, "fails fails fails");
    EXPECT_EQ(run("fails: {script: x, retry: {max: 2, when: api_failure}}\n").order, "fails");
}

constexpr const char* kManual =
    "stages: [build, ship]\na: {stage: build, script: x}\n"
    "gate: {stage: build, script: x, when: manual, allow_failure: false}\nb: {stage: ship, script: "
    "x}\n";

TEST(PipelineRun, AManualJobBlocksUntilItIsPlayed) {
    EXPECT_EQ(run(kManual).states, "a:success gate:manual b:created");
    EXPECT_EQ(run(kManual).status, Status::kManual);
    EXPECT_EQ(run(kManual, {.options = {.play = {"gate"}}}).states,
              "a:success gate:success b:success");
    EXPECT_EQ(run(kManual, {.options = {.play_all = true}}).states,
              "a:success gate:success b:success");
}

TEST(PipelineRun, TheUserIsAskedWhenNoOtherJobCanRun) {
    const auto yes = run(kManual, {.options = {.interactive = true}, .answer = "gate"});
    EXPECT_THAT(yes.asked, testing::ElementsAre("gate"));
    EXPECT_EQ(yes.status, Status::kSuccess);
    const auto no = run(kManual, {.options = {.interactive = true}});
    EXPECT_THAT(no.asked, testing::ElementsAre("gate"));
    EXPECT_EQ(no.status, Status::kManual);
}

TEST(PipelineRun, PlayingAJobMakesSkippedJobsThatNeedItRun) {
    const std::string text = "gate: {script: x, when: manual}\nb: {script: x, needs: [gate]}\n";
    EXPECT_EQ(run(text).states, "gate:manual b:skipped");
    const auto played = run(text, {.options = {.interactive = true}, .answer = "gate"});
    EXPECT_EQ(played.states, "gate:success b:success");
}

TEST(PipelineRun, AResourceGroupRunsOneJobAtATime) {
    const auto out = run("a: {script: x, resource_group: r}\nb: {script: x, resource_group: r}\n");
    EXPECT_EQ(out.most, 1);
    EXPECT_EQ(out.states, "a:success b:success");
}

TEST(PipelineRun, TheNameOfAResourceGroupIsExpanded) {
    pipeline::plan::CreateRequest request;
    request.predefined.set("CI_COMMIT_BRANCH", "main");
    const auto out = run(
        "a: {script: x, resource_group: $CI_COMMIT_BRANCH}\nb: {script: x, resource_group: main}\n"
        "c: {script: x, variables: {J: x}, resource_group: $CI_JOB_NAME}\n",
        {}, request);
    EXPECT_EQ(out.most, 2);
}

TEST(PipelineRun, ABridgeWhoseChildWaitsBlocksAndIsNotAskedFor) {
    const auto out =
        run("blocked: {trigger: {include: c.yml, strategy: depend}}\nafter: {script: x, stage: "
            "deploy}\n",
            {.options = {.interactive = true}});
    EXPECT_EQ(out.states, "blocked:manual after:created");
    EXPECT_EQ(out.status, Status::kManual);
    EXPECT_TRUE(out.asked.empty());
}

TEST(PipelineRun, AManualJobCanBeNamedWithThePrefixOfItsPipeline) {
    const std::string text = "m: {script: x, when: manual}\n";
    EXPECT_EQ(run(text, {.options = {.play = {"t / m"}, .prefix = "t / "}}).states, "m:success");
    EXPECT_EQ(run(text, {.options = {.play = {"t / m"}, .prefix = "u / "}}).states, "m:manual");
}

TEST(PipelineRun, AJobThatEndsWithoutWaitingIsNoticed) {
    const auto out = run("down: {trigger: group/project}\nafter: {script: x, stage: deploy}\n");
    EXPECT_EQ(out.states, "down:skipped after:success");
}

TEST(PipelineRun, ADelayedJobCanStartAtOnce) {
    const std::string text = "late: {script: x, when: delayed, start_in: 1 hour}\n";
    EXPECT_EQ(run(text, {.options = {.wait_for_delays = false}}).states, "late:success");
}

TEST(PipelineRun, AStopCancelsWaitingAndRunningJobs) {
    const auto out = run(
        "a: {script: x}\nwaits: {script: x}\nlate: {script: x, when: delayed, start_in: 1 hour}\n"
        "after: {script: x, stage: deploy, when: always}\n",
        {.stop_after = "a"});
    EXPECT_THAT(out.states, testing::HasSubstr("waits:canceled"));
    EXPECT_THAT(out.states, testing::HasSubstr("late:canceled"));
    EXPECT_THAT(out.states, testing::HasSubstr("after:canceled"));
}

TEST(PipelineRun, ANoteIsTheFirstSentenceOfAMessage) {
    EXPECT_EQ(note_of("exit status 3"), "exit status 3");
    EXPECT_EQ(note_of("It is gone: code 1. Its last words:\none\ntwo"), "It is gone: code 1");
    EXPECT_EQ(note_of("this is bad:\nx"), "this is bad");
}

TEST(PipelineRun, AFailureCancelsThePipelineIfAutoCancelSaysSo) {
    const auto out =
        run("fails: {script: x}\nwaits: {script: x}\n", {.options = {.cancel_on_failure = true}});
    EXPECT_EQ(out.states, "fails:failed waits:canceled");
}

}  // namespace
}  // namespace runner::local
