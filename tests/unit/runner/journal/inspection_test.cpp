#include "runner/journal/inspection.hpp"

#include <gmock/gmock.h>

#include "runner/journal/journal.hpp"
#include "runner/journal/state_dir.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::journal {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Inspection, ADirectoryIsInUseWhileADaemonHoldsIt) {
    const tests::TempDir directory;
    EXPECT_FALSE(is_in_use(directory.path()));
    {
        const auto held = StateDir::acquire(directory.path());
        ASSERT_TRUE(held.has_value());
        EXPECT_TRUE(is_in_use(directory.path()));
    }
    EXPECT_FALSE(is_in_use(directory.path()));
}

TEST(Inspection, FindsTheIdsOfTheJobs) {
    const tests::TempDir directory;
    EXPECT_THAT(job_ids(directory.path()), IsEmpty());
    for (const std::int64_t id : {7, 4711}) {
        const auto made =
            Journal::create(directory.path(), "https://git.example", id, JobRecord{}, "{}");
        ASSERT_TRUE(made.has_value());
    }
    EXPECT_THAT(job_ids(directory.path()), UnorderedElementsAre(7, 4711));
}

}  // namespace
}  // namespace runner::journal
