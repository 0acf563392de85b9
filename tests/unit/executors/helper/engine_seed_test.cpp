#include "executors/helper/engine_seed.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSnapshot =
    "containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/1";
constexpr const char* kBlob = "containerd/daemon/io.containerd.content.v1.content/blobs/sha256/b1";

/// A volume as an engine leaves it, and a data root.
class EngineSeed : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(root());
        put("image/overlay2/repositories.json", "{}");
        put("overlay2/layer1/link", "ABC");
        put("overlay2/layer1/diff/bin/buildkitd", "program");
        fs::create_directories(volume() / "overlay2/layer1/work");
        fs::create_directories(volume() / "overlay2/l");
        fs::create_symlink("../layer1/diff", volume() / "overlay2/l/ABC");
        put("containerd/daemon/io.containerd.metadata.v1.bolt/meta.db", "database");
        put(std::string(kSnapshot) + "/fs/bin/buildkitd", "program");
        put(kBlob, "a large file");
        put("engine-id", "of the engine that filled the volume");
        put(kSeedMarker, "volume-1\n");
    }
    void put(const std::string& path, const std::string& text) {
        fs::create_directories((volume() / path).parent_path());
        std::ofstream(volume() / path) << text;
    }
    [[nodiscard]] fs::path volume() const { return folder_.path() / "volume"; }
    [[nodiscard]] fs::path root() const { return folder_.path() / "root"; }
    [[nodiscard]] std::string in_root(const std::string& path) const {
        std::ifstream file(root() / path);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string plant() {
        mounted_.clear();
        return plant_engine_seed(places(), [this](const std::string& from, const std::string& to) {
            if (refuse_) throw Failure("not permitted");
            EXPECT_TRUE(fs::is_directory(to)) << to;
            mounted_[fs::relative(to, root()).string()] = from;
        });
    }
    void expect_planted() {
        EXPECT_EQ(in_root("image/overlay2/repositories.json"), "{}");
        EXPECT_EQ(in_root("overlay2/layer1/link"), "ABC");
        EXPECT_EQ(fs::read_symlink(root() / "overlay2/l/ABC"), "../layer1/diff");
        EXPECT_TRUE(fs::is_directory(root() / "overlay2/layer1/work"));
        EXPECT_TRUE(fs::is_empty(root() / "overlay2/layer1/diff")) << "mounted, not copied";
        EXPECT_EQ(fs::read_symlink(root() / kBlob), volume() / kBlob);
        EXPECT_FALSE(fs::exists(root() / "engine-id"));
        EXPECT_EQ(mounted_, layers());
        EXPECT_EQ(in_root("image/.runner-builder"), "volume-1\n");
    }
    [[nodiscard]] SeedPlaces places() const { return {volume().string(), root().string()}; }
    [[nodiscard]] std::map<std::string, std::string> layers() const {
        const std::string snapshot = std::string(kSnapshot) + "/fs";
        return {{"overlay2/layer1/diff", (volume() / "overlay2/layer1/diff").string()},
                {snapshot, (volume() / snapshot).string()}};
    }

    tests::TempDir folder_;
    bool refuse_ = false;
    std::map<std::string, std::string> mounted_;
};

TEST_F(EngineSeed, CopiesRecordsAndMountsLayers) {
    fs::create_directories(root() / ".runner");  // of the runner, as the slot's marker is
    EXPECT_EQ(plant(), "");
    expect_planted();
}

TEST_F(EngineSeed, AVolumeThatIsBeingFilledIsNotUsed) {
    fs::remove(volume() / kSeedMarker);
    EXPECT_EQ(plant(), "");
    EXPECT_TRUE(fs::is_empty(root()));
    fs::remove_all(volume());
    EXPECT_EQ(plant(), "");
    EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(EngineSeed, ADataRootInUseStaysAsItIs) {
    fs::create_directories(root() / "image/overlay2");
    EXPECT_EQ(plant(), "");
    EXPECT_TRUE(mounted_.empty());
    EXPECT_TRUE(fs::is_empty(root() / "image/overlay2"));
    EXPECT_FALSE(fs::exists(root() / "image/.runner-builder"));
}

TEST_F(EngineSeed, AKeptDataRootGetsTheLayersThatItStillHas) {
    plant();
    std::ofstream(root() / "image/overlay2/repositories.json") << "of the job before";
    EXPECT_EQ(plant(), "");
    EXPECT_EQ(mounted_, layers());
    EXPECT_EQ(in_root("image/overlay2/repositories.json"), "of the job before");
    fs::remove_all(root() / "overlay2/layer1");
    EXPECT_EQ(plant(), "");
    EXPECT_EQ(mounted_.size(), 1U) << "the job before has removed the image";
}

TEST_F(EngineSeed, ADataRootOfAnotherVolumeIsEmptied) {
    plant();
    fs::create_directories(root() / ".runner/of-the-slot");
    fs::create_directories(root() / "overlay2/of-an-image-built-on-it");
    EXPECT_EQ(missing_seed(places()), "");
    put(kSeedMarker, "volume-2\n");
    EXPECT_NE(missing_seed(places()).find("volume-1"), std::string::npos);
    EXPECT_NE(plant().find("begins without images"), std::string::npos);
    EXPECT_FALSE(fs::exists(root() / "overlay2/of-an-image-built-on-it"));
    EXPECT_TRUE(fs::exists(root() / ".runner/of-the-slot"));
    EXPECT_EQ(in_root("image/.runner-builder"), "volume-2\n");
    EXPECT_EQ(mounted_, layers());
    fs::remove(volume() / kSeedMarker);
    EXPECT_NE(plant().find("volume-2"), std::string::npos);
    EXPECT_FALSE(fs::exists(root() / "overlay2"));
    EXPECT_EQ(missing_seed(places()), "");
}

TEST_F(EngineSeed, ARecordThatIsNoFileIsNotRead) {
    fs::create_directories(root() / "image");
    ASSERT_EQ(::mkfifo((root() / "image/.runner-builder").c_str(), 0600), 0);
    EXPECT_EQ(plant(), "") << "and it did not wait for a writer";
    EXPECT_TRUE(mounted_.empty());
}

TEST_F(EngineSeed, AnInterruptedPlantingIsDoneAgain) {
    plant();
    std::ofstream(root() / "image/.runner-builder") << "planting volume-1\n";
    fs::remove(root() / "overlay2/layer1/link");
    plant();
    expect_planted();
}

TEST_F(EngineSeed, WithoutMountsTheStoreIsEmpty) {
    refuse_ = true;
    EXPECT_NE(plant().find("not permitted"), std::string::npos);
    EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(EngineSeed, NothingIsMountedOnItself) {
    const std::string same = volume().string();
    EXPECT_NO_THROW(mount_directory(same, same));
    EXPECT_THROW(mount_directory(same + "/missing", same), Failure);
    EXPECT_THROW(mount_directory(same, same + "/missing"), Failure);
}

TEST(DataRoot, IsTheDefaultOneUnlessSomethingNamesAnother) {
    EXPECT_TRUE(uses_default_data_root({"dockerd", "--host=unix:///var/run/docker.sock"}, ""));
    EXPECT_TRUE(uses_default_data_root({"dockerd"}, R"({"mtu": 1400})"));
    EXPECT_TRUE(uses_default_data_root({"dockerd"}, "no JSON"));
    EXPECT_FALSE(uses_default_data_root({"dockerd"}, R"({"data-root": "/srv"})"));
    for (const char* argument : {"--data-root", "--data-root=/srv", "-g", "--version", "--help",
                                 "--config-file=/etc/other.json", "--validate"}) {
        EXPECT_FALSE(uses_default_data_root({"dockerd", argument}, "")) << argument;
    }
}

}  // namespace
}  // namespace executors::helper
