#include "executors/docker/builder_volume.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <algorithm>
#include <memory>

#include "base/stop_source.hpp"
#include "executors/docker/labels.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using Fault = SimulatedEngine::Fault;

TEST(BuilderVolume, HasTheNameOfBothImages) {
    const std::string name = builder_volume_name("sha256:1", "sha256:2");
    EXPECT_EQ(name, builder_volume_name("sha256:1", "sha256:2"));
    EXPECT_NE(name, builder_volume_name("sha256:1", "sha256:3"));
    EXPECT_NE(name, builder_volume_name("sha256:3", "sha256:2"));
    EXPECT_EQ(builder_volume_bind({"name", "", ""}), "name:/.runner-builder:ro");
    EXPECT_EQ(builder_volume_bind({}), "");
}

/// A daemon that fills a volume on a simulated engine.
class BuilderVolumesTest : public testing::Test {
  protected:
    void SetUp() override {
        engine_.add_image("dind");
        engine_.on_start = [this](SimulatedEngine::Container& container) {
            started_.push_back(container.body);
        };
        engine_.exec_outputs = {exec_frame('1', "send\n"), exec_frame('1', "have\n")};
    }
    /// Asks for it, and waits until nothing goes on.
    void fill() {
        volumes_.fill_later(volume_, builder_, labels_of_runner("token", "system"));
        settle();
    }
    void settle() { EXPECT_TRUE(tests::run_to_end(context_, wait()).has_value()); }
    base::Task<base::Result<void>> wait() {
        co_await background_.wait();
        co_return base::Result<void>();
    }
    [[nodiscard]] std::ptrdiff_t asked(const std::string& end) const {
        return std::count_if(engine_.requests.begin(), engine_.requests.end(),
                             [&](const auto& request) { return request.ends_with(end); });
    }

    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    std::unique_ptr<EngineApi> api_ = simulated_api(engine_);
    std::vector<nlohmann::json> started_;
    BuilderVolume volume_{"runner-builder-1", "id-of-dind", "helper"};
    PreloadImage builder_{"moby/buildkit", "id-of-buildkit", kBuilderMark, "today,layer"};
    base::TaskGroup background_{context_.get_executor()};
    BuilderVolumes volumes_{*api_, &background_};
};

TEST_F(BuilderVolumesTest, AnEngineOfTheJobsImageLoadsTheImage) {
    fill();
    ASSERT_EQ(started_.size(), 1U);
    EXPECT_EQ(started_[0]["Image"], "id-of-dind");
    EXPECT_EQ(started_[0]["Healthcheck"]["Test"], nlohmann::json::array({"NONE"}));
    EXPECT_EQ(started_[0]["Labels"][label_name("runner.system_id")], "system");
    const auto& host = started_[0]["HostConfig"];
    EXPECT_EQ(host["Binds"],
              (nlohmann::json{"helper:/.runner:ro", "runner-builder-1:/var/lib/docker"}));
    EXPECT_EQ(host["NetworkMode"], "none");
    EXPECT_EQ(asked("/stop"), 1);
    EXPECT_EQ(asked("PUT /v1.45/containers/id-1/archive"), 1) << "the mark of a complete volume";
    EXPECT_EQ(engine_.inventory(), std::set<std::string>{"volume runner-builder-1"});
    const auto& labels = engine_.volumes["runner-builder-1"]["Labels"];
    EXPECT_EQ(labels["com.gitlab.gitlab-runner.type"], "builder-image");
}

TEST_F(BuilderVolumesTest, ACompleteVolumeIsNotFilledAgain) {
    engine_.files = {"/var/lib/docker/runner-complete"};
    fill();
    EXPECT_TRUE(started_.empty());
    EXPECT_EQ(asked("/archive"), 1) << "the question for the mark";
    EXPECT_EQ(engine_.find("-fill-"), nullptr);
}

TEST_F(BuilderVolumesTest, NothingIsTriedTwiceInShortTime) {
    fill();
    const auto requests = engine_.requests.size();
    fill();
    EXPECT_EQ(engine_.requests.size(), requests);
    volume_.name = "runner-builder-2";
    engine_.exec_outputs = {exec_frame('1', "send\n"), exec_frame('1', "have\n")};
    fill();
    EXPECT_EQ(asked("/stop"), 2) << "another volume is another matter";
}

TEST_F(BuilderVolumesTest, AnEngineThatDidNotTakeTheImageLeavesNoMark) {
    engine_.exec_outputs = {exec_frame('1', "send\n"), exec_frame('1', "send\n")};
    fill();
    EXPECT_EQ(asked("PUT /v1.45/containers/id-1/archive"), 0);
    EXPECT_EQ(engine_.find("-fill-"), nullptr);
}

TEST_F(BuilderVolumesTest, AnEngineThatWasKilledLeavesNoMark) {
    engine_.exit_code_of_stopped = 137;
    fill();
    EXPECT_EQ(asked("/stop"), 1);
    EXPECT_EQ(asked("PUT /v1.45/containers/id-1/archive"), 0);
    EXPECT_EQ(engine_.find("-fill-"), nullptr);
}

TEST_F(BuilderVolumesTest, TheContainerIsRemovedWhateverFails) {
    fill();
    const auto count = static_cast<int>(engine_.requests.size());
    for (int number = 1; number < count; ++number) {
        engine_.requests.clear();
        engine_.exec_outputs = {exec_frame('1', "send\n"), exec_frame('1', "have\n")};
        volume_.name = "runner-builder-" + std::to_string(number + 1);
        engine_.break_request(number, Fault::kRefused);
        fill();
        // Only a removal that fails leaves it, to the next filling.
        const auto& broken = engine_.requests[static_cast<std::size_t>(number) - 1];
        EXPECT_EQ(engine_.find("-fill-") == nullptr, !broken.starts_with("DELETE")) << broken;
    }
}

TEST_F(BuilderVolumesTest, AnotherDaemonsFillingIsLeftAlone) {
    engine_.containers["other"] = SimulatedEngine::Container{.name = "runner-builder-1-fill-1",
                                                             .body = {{"Labels", nullptr}},
                                                             .running = true,
                                                             .exit_code = 0,
                                                             .log = {},
                                                             .written = {}};
    fill();
    EXPECT_TRUE(started_.empty());
    EXPECT_NE(engine_.find("runner-builder-1-fill-1"), nullptr);
}

TEST_F(BuilderVolumesTest, AStopEndsAFillingAndRemovesItsContainer) {
    engine_.on_start = [this](SimulatedEngine::Container& container) {
        started_.push_back(container.body);
        engine_.break_request(1, Fault::kSilent, [this] {
            boost::asio::post(context_, [this] {
                volumes_.background().stop();
                background_.cancel_all();
            });
        });
    };
    fill();
    ASSERT_EQ(started_.size(), 1U);
    EXPECT_EQ(engine_.find("-fill-"), nullptr);
    EXPECT_EQ(asked("/stop"), 0);
    volume_.name = "runner-builder-2";
    const auto requests = engine_.requests.size();
    fill();
    EXPECT_EQ(engine_.requests.size(), requests) << "nothing begins after a stop";
}

TEST_F(BuilderVolumesTest, WithoutABackgroundNothingIsFilled) {
    BuilderVolumes idle(*api_, nullptr);
    idle.fill_later(volume_, builder_, {});
    settle();
    EXPECT_TRUE(engine_.requests.empty());
}

}  // namespace
}  // namespace executors::docker
