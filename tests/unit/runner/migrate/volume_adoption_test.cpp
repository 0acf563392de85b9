#include "runner/migrate/volume_adoption.hpp"

#include <gmock/gmock.h>

namespace runner::migrate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kSystemId = "s_0123456789ab";
const std::string kCache = "-cache-3c3f060a0374fc8bc39395164f415a70";

class PlanVolumes : public testing::Test {
  protected:
    PlanVolumes() {
        runner_.url = "https://gitlab.example.com";
        runner_.id = 7;
        runner_.token = base::Secret("glrt-abcdefghijklmnopqrst");
    }
    std::string official(std::int64_t project, int slot) const {
        return journal::volume_prefix(runner_.token.reveal(), kSystemId, project, slot);
    }
    std::string ours(std::int64_t project, int slot) const {
        return journal::volume_prefix(config::runner_identity(runner_), kSystemId, project, slot);
    }
    void add(const std::string& name, const std::string& project) {
        volumes_[name] = {
            {"com.gitlab.gitlab-runner.runner.id", config::short_token(runner_.token)},
            {"com.gitlab.gitlab-runner.project.id", project}};
    }
    VolumePlan plan() const { return plan_volumes(runner_, kSystemId, volumes_); }

    config::RunnerConfig runner_;
    EngineVolumes volumes_;
};

TEST_F(PlanVolumes, AdoptsThoseOfEachProjectAndSlot) {
    add(official(42, 0) + kCache, "42");
    add(official(42, 0) + kCache + "-protected", "42");
    add(official(42, 3) + kCache, "42");
    add(official(43, 1) + kCache, "43");
    const auto made = plan();
    ASSERT_EQ(made.slots.size(), 3U);
    EXPECT_EQ(made.slots[0].volumes, 2);
    EXPECT_EQ(made.slots[1].slot, 3);
    journal::AdoptedVolumes adopted;
    adopt(made, adopted);
    EXPECT_EQ(adopted.size(), 3U);
    EXPECT_EQ(adopted.in_place_of(ours(42, 0)), official(42, 0));
    EXPECT_EQ(adopted.in_place_of(ours(43, 1)), official(43, 1));
    EXPECT_EQ(adopted.in_place_of(ours(43, 0)), ours(43, 0));
}

TEST_F(PlanVolumes, NeedsNoOtherNamesForARunnerWhoseNumberIsNotKnown) {
    runner_.id = 0;
    add(official(42, 0) + kCache, "42");
    const auto made = plan();
    ASSERT_EQ(made.slots.size(), 1U);
    journal::AdoptedVolumes adopted;
    adopt(made, adopted);
    EXPECT_EQ(adopted.size(), 0U);
}

TEST_F(PlanVolumes, LeavesVolumesOfOthersAlone) {
    add("runner-helper-1", "42");
    add("data", "42");
    add(official(42, 0), "42");
    volumes_[official(42, 1) + kCache] = {{"com.gitlab.gitlab-runner.runner.id", "other"},
                                          {"com.gitlab.gitlab-runner.project.id", "42"}};
    const auto made = plan();
    EXPECT_THAT(made.slots, IsEmpty());
    EXPECT_THAT(made.of_another_token, IsEmpty());
}

TEST_F(PlanVolumes, NamesThoseThatAnEarlierTokenHasMade) {
    const std::string name = "runner-00000000000000000000000000000000" + kCache;
    add(name, "42");
    EXPECT_THAT(plan().of_another_token, ElementsAre(name));
}

TEST_F(PlanVolumes, KeepsTheVolumesThatJobsHereHaveMade) {
    add(official(42, 0) + kCache, "42");
    add(ours(42, 0) + kCache, "42");
    const auto made = plan();
    EXPECT_THAT(made.slots, IsEmpty());
    EXPECT_THAT(made.replaced, ElementsAre(official(42, 0) + kCache));
    EXPECT_THAT(made.of_another_token, IsEmpty());
}

}  // namespace
}  // namespace runner::migrate
