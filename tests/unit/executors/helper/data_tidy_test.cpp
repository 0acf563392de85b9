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

constexpr const char* kLookAtBuilder = "GET /containers/builder/json";
constexpr const char* kList = "GET /containers/json?all=1";
constexpr const char* kRemove = "DELETE /containers/0a1?force=1&v=1";

/// The kept data of an engine that has one container: that of its builder.
class DataTidyTest : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(root_);
        mark(DataState::kReady, 1);
        options_.root = root_.string();
        options_.builder = "builder";
        options_.outcome_file = (dir_.path() / "outcome").string();
        write_outcome({.warm = true, .reason = "", .root = options_.root, .token = ""},
                      options_.outcome_file);
    }
    void mark(DataState state, int starts) const {
        DataMarker marker;
        marker.state = state;
        marker.starts = starts;
        DataRoot(root_.string()).mark(marker);
    }
    void use_containerd() const {
        fs::create_directories(root_ /
                               "containerd/daemon/io.containerd.snapshotter.v1.x/snapshots/1");
    }
    /// Answers what the engine was asked.
    std::vector<std::string> tidy(const std::string& builder_state) {
        tests::ListeningEngine engine(
            dir_.path(), {{kLookAtBuilder, {"200\r\n\r\n{\"State\": " + builder_state + "}"}},
                          {kList, {"200\r\n\r\n[{\"Id\": \"0a1\"}]"}}});
        options_.socket = engine.socket();
        EXPECT_EQ(tidy_data(options_), 0);
        return engine.lines();
    }
    [[nodiscard]] DataMarker marker() const {
        return DataRoot(root_.string()).marker().value_or(DataMarker());
    }

    tests::TempDir dir_;
    fs::path root_ = dir_.path() / "docker";
    DataTidyOptions options_;
};

constexpr const char* kRuns = R"({"Running": true})";
constexpr const char* kFailed = R"({"Running": false, "ExitCode": 1})";

TEST_F(DataTidyTest, RemovesTheContainersAndMarksTheDataAsClean) {
    EXPECT_THAT(tidy(kRuns), ElementsAre(kLookAtBuilder, kList, kRemove));
    EXPECT_EQ(marker().state, DataState::kClean);
}

TEST_F(DataTidyTest, MarksDataWithWhichTheBuilderFails) {
    tidy(kFailed);
    EXPECT_EQ(marker().state, DataState::kDamaged);
}

TEST_F(DataTidyTest, LeavesToTheNextEngineWhatThatCleansItself) {
    options_.least = true;
    bool awake = false;
    options_.wake = [&awake] { awake = true; };
    EXPECT_THAT(tidy(kRuns), IsEmpty());
    EXPECT_FALSE(awake);
    EXPECT_EQ(marker().state, DataState::kReady);
    use_containerd();
    EXPECT_THAT(tidy(kRuns), ElementsAre(kLookAtBuilder, kList, kRemove));
    EXPECT_TRUE(awake);
    EXPECT_EQ(marker().state, DataState::kClean);
}

TEST_F(DataTidyTest, DoesNotCountAnEngineThatIsEndedBeforeItHasAnswered) {
    for (const auto how : {&DataTidyOptions::least, &DataTidyOptions::interrupted}) {
        mark(DataState::kStarting, 2);
        options_.least = options_.interrupted = false;
        options_.*how = true;
        EXPECT_THAT(tidy(kRuns), IsEmpty());
        EXPECT_EQ(marker().state, DataState::kStarting);
        EXPECT_EQ(marker().starts, 1);
    }
}

TEST_F(DataTidyTest, AnEngineThatWasInterruptedAfterItsAnswerLeavesItsDataClean) {
    options_.interrupted = true;
    EXPECT_THAT(tidy(kRuns), ElementsAre(kLookAtBuilder, kList, kRemove));
    EXPECT_EQ(marker().state, DataState::kClean);
}

}  // namespace
}  // namespace executors::helper
