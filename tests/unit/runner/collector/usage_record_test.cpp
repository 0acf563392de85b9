#include "runner/collector/usage_record.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;

constexpr std::int64_t kMinute = 60'000'000;

class UsageRecordTest : public testing::Test {
  protected:
    tests::TempDir state_;
    UsageRecord record_{state_.path()};
};

TEST_F(UsageRecordTest, KnowsTheLastUseOfVolumesAfterARestart) {
    record_.volume_used("engine", "runner-1-cache-2");
    record_.volume_used("engine", "runner-1-cache-2");
    const UsageRecord next(state_.path());
    const auto volumes = next.volumes("engine");
    ASSERT_THAT(volumes, ElementsAre(Key("runner-1-cache-2")));
    EXPECT_NEAR(static_cast<double>(volumes.begin()->second),
                static_cast<double>(base::unix_micros_now()), static_cast<double>(kMinute));
    EXPECT_THAT(next.volumes("other engine"), IsEmpty());
}

TEST_F(UsageRecordTest, KnowsImagesThatWerePulledAndNoOthers) {
    record_.image_used("engine", "sha256:of-somebody");
    record_.image_pulled("engine", "sha256:1", "docker.io/library/alpine:3");
    record_.image_pulled("engine", "sha256:1", "docker.io/library/alpine:latest");
    record_.image_used("engine", "sha256:1");
    const auto images = UsageRecord(state_.path()).images("engine");
    ASSERT_THAT(images, ElementsAre(Key("sha256:1")));
    EXPECT_THAT(images.at("sha256:1").names,
                ElementsAre("docker.io/library/alpine:3", "docker.io/library/alpine:latest"));
}

TEST_F(UsageRecordTest, ForgetsWhatIsGone) {
    record_.volume_used("engine", "volume");
    record_.image_pulled("engine", "sha256:1", "name");
    record_.forget_volume("engine", "volume");
    record_.forget_image("engine", "sha256:1");
    EXPECT_THAT(record_.volumes("engine"), IsEmpty());
    EXPECT_THAT(record_.images("engine"), IsEmpty());
}

TEST_F(UsageRecordTest, KeepsNamesOfEnginesInsideOfItsDirectory) {
    record_.volume_used("../../engine", "../../../volume");
    EXPECT_THAT(record_.volumes("../../engine"), ElementsAre(Pair("_.._.._.._volume", testing::_)));
    EXPECT_FALSE(std::filesystem::exists(state_.path().parent_path() / "engine"));
}

TEST_F(UsageRecordTest, DoesNotFailWhereItCannotWrite) {
    std::ofstream(state_.path() / "used") << "a file";
    record_.volume_used("engine", "volume");
    record_.image_pulled("engine", "sha256:1", "name");
    EXPECT_THAT(record_.volumes("engine"), IsEmpty());
}

}  // namespace
}  // namespace runner::collector
