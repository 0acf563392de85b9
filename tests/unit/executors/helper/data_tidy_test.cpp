#include "executors/helper/data_tidy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "executors/helper/data_root.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/helper/listening_engine.hpp"

namespace executors::helper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// The data of an engine that has answered, and has one container.
class DataTidyTest : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(root_);
        DataMarker marker;
        marker.state = DataState::kReady;
        DataRoot(root_.string()).mark(marker);
        options_.root = root_.string();
        options_.socket = engine_.socket();
    }
    void use_containerd() const {
        fs::create_directories(root_ /
                               "containerd/daemon/io.containerd.snapshotter.v1.x/snapshots/1");
    }
    [[nodiscard]] DataState state() const {
        const auto marker = DataRoot(root_.string()).marker();
        return marker ? marker->state : DataState::kStarting;
    }

    tests::TempDir dir_;
    fs::path root_ = dir_.path() / "docker";
    tests::ListeningEngine engine_{
        dir_.path(), {{"GET /containers/json?all=1", {"200\r\n\r\n[{\"Id\": \"0a1\"}]"}}}};
    DataTidyOptions options_;
};

const auto kRemoved =
    ElementsAre("GET /containers/json?all=1", "DELETE /containers/0a1?force=1&v=1");

TEST_F(DataTidyTest, RemovesTheContainersAndMarksTheDataAsClean) {
    EXPECT_EQ(tidy_data(options_), 0);
    EXPECT_THAT(engine_.lines(), kRemoved);
    EXPECT_EQ(state(), DataState::kClean);
}

TEST_F(DataTidyTest, LeavesToTheNextEngineWhatThatCleansItself) {
    options_.least = true;
    EXPECT_EQ(tidy_data(options_), 0);
    EXPECT_THAT(engine_.lines(), IsEmpty());
    EXPECT_EQ(state(), DataState::kReady);
    use_containerd();
    EXPECT_EQ(tidy_data(options_), 0);
    EXPECT_THAT(engine_.lines(), kRemoved);
    EXPECT_EQ(state(), DataState::kClean);
}

}  // namespace
}  // namespace executors::helper
