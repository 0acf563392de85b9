#include "runner/status/job_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner::status {
namespace {

using testing::ElementsAre;

JobState job_of(const char* name, const char* token) {
    JobState job;
    job.id = 5;
    job.runner_name = name;
    job.short_token = token;
    return job;
}

TEST(JobChoice, TakesANameAShortTokenOrNothing) {
    const JobState job = job_of("build", "tok1");
    EXPECT_TRUE(is_of_runner(job, ""));
    EXPECT_TRUE(is_of_runner(job, "build"));
    EXPECT_TRUE(is_of_runner(job, "tok1"));
    EXPECT_FALSE(is_of_runner(job, "buil"));
    EXPECT_FALSE(is_of_runner(job, "tok2"));
}

TEST(JobChoice, NamesRunnersByWhatTellsThemApart) {
    EXPECT_THAT(runners_of({job_of("b", "tok1"), job_of("a", "tok2"), job_of("a", "tok2")}),
                ElementsAre("a", "b"));
    EXPECT_THAT(runners_of({job_of("same", "tok2"), job_of("same", "tok1"), job_of("z", "tok3")}),
                ElementsAre("tok1", "tok2", "z"));
    EXPECT_EQ(several_jobs(5, {job_of("a", "tok1"), job_of("b", "tok2")}),
              "jobs of several servers have the number 5: say which runner's is meant, a or b "
              "(--runner NAME, in an address ?runner=NAME)");
}

}  // namespace
}  // namespace runner::status
