// Compares the state machine with a simple reference, for random pipelines and random events, and
// runs large pipelines.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runner/pipeline/state/pipeline_state.hpp"
#include "tests/unit/runner/pipeline/pipeline_state_reference.hpp"
#include "tests/unit/runner/pipeline/seeded_random.hpp"

namespace runner::pipeline::state {
namespace {

using plan::When;

using tests::SeededRandom;

When any_when(SeededRandom& random) {
    constexpr When kWhens[] = {When::kOnSuccess, When::kOnSuccess, When::kOnSuccess,
                               When::kOnFailure, When::kAlways,    When::kManual,
                               When::kDelayed};
    return random.element_of(kWhens);
}

std::vector<PipelineJob> any_pipeline(SeededRandom& random) {
    std::vector<PipelineJob> jobs(1 + random.below(12));
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        PipelineJob& job = jobs[i];
        job.name = "j" + std::to_string(i);
        job.stage = i == 0 ? 0 : jobs[i - 1].stage + random.below(2);
        job.when = any_when(random);
        job.allow_failure = random.one_in(3);
        if (random.one_in(5)) job.resource_group = random.one_in(2) ? "g" : "h";
        job.has_needs = random.one_in(2);
        for (std::size_t n = random.below(4); job.has_needs && i > 0 && n > 0; --n) {
            job.needs.push_back(random.one_in(9) ? "absent"
                                                 : "j" + std::to_string(random.below(i)));
        }
    }
    // The state machine must not depend on the order of jobs in the file.
    for (std::size_t i = jobs.size(); i > 1; --i) std::swap(jobs[i - 1], jobs[random.below(i)]);
    return jobs;
}

std::string shown(const std::vector<PipelineJob>& jobs) {
    std::string text;
    for (const PipelineJob& job : jobs) {
        text += job.name + "@" + std::to_string(job.stage) + " " +
                std::string(plan::to_string(job.when));
        if (job.allow_failure) text += " may fail";
        if (job.has_needs) text += " needs";
        for (const std::string& need : job.needs) text += " " + need;
        text += " [" + job.resource_group + "]: " + std::string(to_string(job.status)) + "\n";
    }
    return text;
}

std::vector<Status> statuses(const std::vector<PipelineJob>& jobs) {
    std::vector<Status> all;
    for (const PipelineJob& job : jobs) all.push_back(job.status);
    return all;
}

/// Reports the same event to both.
template <typename Event>
void both(PipelineState& process, tests::PipelineStateReference& reference, Event event) {
    event(process);
    event(reference);
}

void any_event(SeededRandom& random, PipelineState& process,
               tests::PipelineStateReference& reference) {
    const std::size_t job = random.below(process.jobs().size());
    const Status outcome = random.one_in(3)   ? Status::kFailed
                           : random.one_in(9) ? Status::kCanceled
                                              : Status::kSuccess;
    if (random.one_in(60)) return both(process, reference, [](auto& p) { p.cancel_all(); });
    switch (process.jobs()[job].status) {
        case Status::kPending: return both(process, reference, [&](auto& p) { p.started(job); });
        case Status::kRunning:
        case Status::kCanceling:
            return both(process, reference, [&](auto& p) { p.finished(job, outcome); });
        case Status::kManual:
        case Status::kScheduled: return both(process, reference, [&](auto& p) { p.play(job); });
        default:
            if (random.one_in(8)) both(process, reference, [&](auto& p) { p.retry(job); });
    }
}

TEST(PipelineStateProperty, AgreesWithTheReference) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        const auto jobs = any_pipeline(random);
        PipelineState process(jobs);
        tests::PipelineStateReference reference(jobs);
        for (int step = 0; step < 40; ++step) {
            process.advance();
            reference.advance();
            ASSERT_EQ(statuses(process.jobs()), statuses(reference.jobs()))
                << "expected\n"
                << shown(reference.jobs()) << "got\n"
                << shown(process.jobs());
            ASSERT_EQ(process.status(), reference.status());
            for (std::size_t stage = 0; stage < 12; ++stage) {
                ASSERT_EQ(process.stage_status(stage), reference.stage_status(stage));
            }
            any_event(random, process, reference);
        }
    }
}

/// Runs every job that becomes ready. Returns the number of jobs that ran.
std::size_t run_ready_jobs(PipelineState& process) {
    std::size_t ran = 0;
    std::vector<std::size_t> ready;
    const auto collect = [&] {
        for (const Step& step : process.advance()) {
            if (step.action == Action::kEnqueue) ready.push_back(step.job);
        }
    };
    for (collect(); !ready.empty(); ++ran) {
        const std::size_t job = ready.back();
        ready.pop_back();
        process.started(job);
        process.advance();
        process.finished(job, Status::kSuccess);
        collect();
    }
    return ran;
}

constexpr std::size_t kMany = 10'000;

/// This would take minutes if every event looked at every job.
TEST(PipelineStateProperty, TenThousandJobsInAHundredStagesEnd) {
    std::vector<state::PipelineJob> jobs(kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
        jobs[i].name = std::to_string(i);
        jobs[i].stage = i / 100;
    }
    PipelineState process(jobs);
    EXPECT_EQ(run_ready_jobs(process), kMany);
    EXPECT_EQ(process.status(), Status::kSuccess);
}

TEST(PipelineStateProperty, TenThousandJobsWithFiftyNeedsEachEnd) {
    std::vector<state::PipelineJob> jobs(kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
        jobs[i].name = std::to_string(i);
        jobs[i].stage = i / 1000;
        jobs[i].has_needs = true;
        for (std::size_t n = 1; n <= 50 && n <= i; ++n)
            jobs[i].needs.push_back(std::to_string(i - n));
    }
    PipelineState process(jobs);
    EXPECT_EQ(run_ready_jobs(process), kMany);
}

TEST(PipelineStateProperty, TenThousandStagesAndOneResourceEnd) {
    std::vector<state::PipelineJob> jobs(kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
        jobs[i].name = std::to_string(i);
        if (i % 2 == 0) jobs[i].stage = i;
        jobs[i].resource_group = "one";
    }
    PipelineState process(jobs);
    EXPECT_EQ(run_ready_jobs(process), kMany);
}

}  // namespace
}  // namespace runner::pipeline::state
