#include "executors/docker/image_refresh.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/environment_variable.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/recorded_uses.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

constexpr std::chrono::hours kPeriod{24};

TEST(NamedByTheAdministrator, AreImagesOfTheConfigurationAndOfItsPatterns) {
    DockerSettings docker;
    DindSettings dind;
    docker.image = "default:1";
    docker.services = {
        {.name = "database:1", .alias = {}, .command = {}, .entrypoint = {}, .environment = {}}};
    dind.image = "dind";
    dind.preload_images = {"preloaded"};
    for (const char* name : {"default:1", "database:1", "dind", "preloaded"}) {
        EXPECT_TRUE(is_named_by_administrator(name, docker, dind)) << name;
    }
    // An empty list allows every image, and names none.
    EXPECT_FALSE(is_named_by_administrator("default:2", docker, dind));
    docker.allowed_images = {"tools/*"};
    docker.allowed_services = {"db/*"};
    EXPECT_TRUE(is_named_by_administrator("tools/a", docker, dind));
    EXPECT_TRUE(is_named_by_administrator("db/a", docker, dind));
    EXPECT_FALSE(is_named_by_administrator("other/a", docker, dind));
}

TEST(ImageUses, AreManyOfAnOldImage) {
    ImageUses uses;
    tests::ManualClock clock;
    const auto used = [&] { return uses.used("app", kPeriod, clock.now()); };
    EXPECT_FALSE(used());
    EXPECT_FALSE(used());
    EXPECT_FALSE(used()) << "often, and not old";
    clock.advance(kPeriod);
    EXPECT_TRUE(used());
    EXPECT_FALSE(used());
    clock.advance(kPeriod);
    EXPECT_FALSE(used()) << "old, and not often";
    uses.pulled("app", clock.now());
    EXPECT_FALSE(used());
    EXPECT_FALSE(used());
    EXPECT_FALSE(used()) << "pulled by a job meanwhile";
}

class ImageRefreshTest : public testing::Test {
  protected:
    /// Old, and often enough.
    void use_often(ImageRefresh& refresh, const std::string& id = "old") {
        for (int i = 0; i < 3; ++i) {
            clock_.advance(kPeriod);
            refresh.used({.image = "app", .id = id, .registries = {}, .period = kPeriod});
        }
    }

    tests::TempDir dir_;
    tests::EnvironmentVariable home_{"HOME", dir_.path().string()};
    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    tests::ManualClock clock_;
    std::unique_ptr<EngineApi> api_ = simulated_api(engine_);
    EngineUsage usage_;
    PullQueue pulls_{context_.get_executor(), *api_, usage_, PullRetries{.tries = 1}, clock_};
    base::TaskGroup group_{context_.get_executor()};
};

TEST_F(ImageRefreshTest, PullsAnImageThatJobsUseOften) {
    ImageRefresh refresh(pulls_, &group_, clock_);
    engine_.registry = {"app"};
    engine_.hold_pulls = true;
    use_often(refresh);
    context_.poll();
    use_often(refresh);  // the pull is under way
    context_.restart();
    context_.poll();
    engine_.release_pulls();
    context_.restart();
    context_.run();
    EXPECT_EQ(engine_.pulled, std::vector<std::string>{"app:latest"});
    EXPECT_EQ(group_.size(), 0U);
    engine_.registry.clear();  // a failure is no end of it
    use_often(refresh);
    context_.restart();
    context_.run();
    use_often(refresh);
    context_.restart();
    context_.run();
    EXPECT_EQ(engine_.pulled.size(), 3U);
}

TEST_F(ImageRefreshTest, TellsOfAnImageThatTheEngineDidNotHave) {
    const auto uses = std::make_shared<RecordedUses>();
    usage_.record_to(uses);
    usage_.set_engine("e");
    ImageRefresh refresh(pulls_, &group_, clock_);
    std::vector<std::string> replaced;
    refresh.on_replaced([&](const std::string& image, const std::string& id) {
        replaced.push_back(image + " " + id);
    });
    engine_.registry = {"app"};
    use_often(refresh);
    context_.run();
    EXPECT_EQ(uses->pulled, std::vector<std::string>{"id-of-app is docker.io/library/app:latest"});
    EXPECT_EQ(replaced, std::vector<std::string>{"app id-of-app"});
    use_often(refresh, "id-of-app");
    context_.restart();
    context_.run();
    EXPECT_EQ(engine_.pulled.size(), 2U);
    EXPECT_EQ(uses->pulled.size(), 1U) << "the registry has no other one";
    EXPECT_EQ(replaced.size(), 1U);
}

TEST_F(ImageRefreshTest, EndsWithItsGroup) {
    ImageRefresh refresh(pulls_, &group_, clock_);
    engine_.hold_pulls = true;
    use_often(refresh);
    context_.poll();
    EXPECT_EQ(group_.size(), 1U);
    group_.cancel_all();
    context_.restart();
    context_.run();
    EXPECT_EQ(group_.size(), 0U);
}

TEST_F(ImageRefreshTest, NothingIsPulledWithoutAGroup) {
    ImageRefresh refresh(pulls_, nullptr, clock_);
    use_often(refresh);
    context_.run();
    EXPECT_TRUE(engine_.requests.empty());
}

}  // namespace
}  // namespace executors::docker
