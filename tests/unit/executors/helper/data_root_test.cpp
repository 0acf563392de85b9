#include "executors/helper/data_root.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "executors/helper/data_cleaning.hpp"
#include "executors/helper/data_enter.hpp"
#include "executors/helper/data_marker.hpp"
#include "executors/helper/data_outcome.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "buildx_buildkit_runner0_state";

/// The data of an engine with the storage driver overlay2: an image of one layer, and what a job
/// leaves.
class DataRootTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = temp_.path() / "docker";
        fs::create_directories(root_);
    }
    void write(const std::string& path, const std::string& text = "x") const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    [[nodiscard]] std::string read(const std::string& path) const {
        std::ifstream file(root_ / path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] bool has(const std::string& path) const {
        return fs::exists(fs::symlink_status(root_ / path));
    }
    /// The first four pages of a database of bbolt that was made a moment ago.
    [[nodiscard]] static std::string database() {
        const auto page_size = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
        std::string head;
        const auto put = [&head](auto number) {
            head.append(reinterpret_cast<const char*>(&number), sizeof number);
        };
        for (const std::uint32_t number : {0xED0CDAEDU, 2U, page_size, 0U}) put(number);
        for (const std::uint64_t number : {3ULL, 0ULL, 2ULL, 4ULL, 1ULL}) put(number);
        std::uint64_t sum = 0xCBF29CE484222325ULL;
        for (const char byte : head)
            sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
        put(sum);
        std::string pages(4ULL * page_size, '\0');
        pages.replace(16, head.size(), head);
        return pages;
    }
    void make_image() const {
        write("image/overlay2/layerdb/sha256/0123abc/cache-id", "layer1");
        write("image/overlay2/repositories.json", "{}");
        write("overlay2/layer1/diff/bin/sh");
        write("overlay2/layer1/link", "SHORTLAYER");
        write("overlay2/l/SHORTLAYER");
        write("buildkit/cache.db", database());
        write("engine-id", "0b4e-11\n");
    }
    void make_leftovers() const {
        write("image/overlay2/layerdb/mounts/c1/mount-id", "written1");
        write("image/overlay2/layerdb/mounts/c1/init-id", "written1-init");
        write("image/overlay2/layerdb/tmp/write-set-1/diff");
        write("overlay2/written1/diff/big");
        write("overlay2/written1/link", "SHORTWRITTEN");
        write("overlay2/written1-init/diff/x");
        write("overlay2/l/SHORTWRITTEN");
        write("containers/c1/config.v2.json");
        write("containers/c1/checkpoints/one/config.json");
        for (const char* name :
             {"network/files/local-kv.db", "plugins/p/config.json", "swarm/state.json",
              "runtimes/evil", "tmp/x", "daemon.json", "buildkit/executor/runc", "unknown/x"}) {
            write(name);
        }
        write("containerd/daemon/plugins/evil.so");
        write("volumes/metadata.db");
        write("volumes/of-a-job/_data/x");
        write(std::string("volumes/") + kState + "/opts.json", R"({"MountType":"bind"})");
        write(std::string("volumes/") + kState + "/_data/cache.db", database());
        write(std::string("volumes/") + kState + "/_data/runc-overlayfs/executor/hosts");
        write(std::string("volumes/") + kState + "/_data/runc-overlayfs/content/blob");
    }
    DataOutcome prepare(bool is_new = false) const {
        DataEnterOptions options;
        options.root = root_.string();
        options.is_new = is_new;
        options.kept_volume = kState;
        options.outcome_file = (temp_.path() / "outcome").string();
        return prepare_data(options).outcome;
    }
    /// As after a job whose engine has answered.
    void make_ready() const {
        prepare(true);
        DataRoot(root_.string()).mark(DataState::kReady);
    }

    tests::TempDir temp_;
    fs::path root_;
};

TEST_F(DataRootTest, AFirstJobKeepsWhatItsImageBrings) {
    write("image/overlay2/repositories.json");
    const auto outcome = prepare(true);
    EXPECT_FALSE(outcome.warm);
    EXPECT_EQ(outcome.reason, "this is the first job of its slot");
    EXPECT_TRUE(has("image/overlay2/repositories.json"));
    EXPECT_EQ(DataRoot(root_.string()).marker()->state, DataState::kStarting);
}

TEST_F(DataRootTest, ImagesAndCachesStayAndNothingElse) {
    make_ready();
    make_image();
    make_leftovers();
    const auto outcome = prepare();
    EXPECT_TRUE(outcome.warm) << outcome.reason;
    for (const std::string kept :
         {"image/overlay2/layerdb/sha256/0123abc/cache-id", "image/overlay2/repositories.json",
          "overlay2/layer1/diff/bin/sh", "overlay2/l/SHORTLAYER", "buildkit/cache.db",
          "engine-id"}) {
        EXPECT_TRUE(has(kept)) << kept;
    }
    EXPECT_TRUE(has(std::string("volumes/") + kState + "/_data/cache.db"));
    EXPECT_TRUE(has(std::string("volumes/") + kState + "/_data/runc-overlayfs/content/blob"));
    for (const std::string gone :
         {"image/overlay2/layerdb/mounts/c1", "image/overlay2/layerdb/tmp", "overlay2/written1",
          "overlay2/written1-init", "overlay2/l/SHORTWRITTEN", "containers", "network", "plugins",
          "swarm", "runtimes", "tmp", "daemon.json", "buildkit/executor", "unknown", "containerd",
          "volumes/metadata.db", "volumes/of-a-job"}) {
        EXPECT_FALSE(has(gone)) << gone;
    }
    EXPECT_FALSE(has(std::string("volumes/") + kState + "/opts.json"));
    EXPECT_FALSE(has(std::string("volumes/") + kState + "/_data/runc-overlayfs/executor"));
    EXPECT_TRUE(has(".runner/trash"));
    DataRoot(root_.string()).empty_trash();
    EXPECT_FALSE(has(".runner/trash"));
}

TEST_F(DataRootTest, TheStatesOfBuildersThatScriptsUsedLastStay) {
    make_ready();
    const auto volume = [](const std::string& builder) {
        return "volumes/buildx_buildkit_" + builder + "_state";
    };
    const auto now = fs::file_time_type::clock::now();
    int age = 0;
    for (const char* builder : {"new0", "eager_turing0", "mine0", "old0"}) {
        write(volume(builder) + "/_data/history.db", database());
        write(volume(builder) + "/_data/runc-overlayfs/executor/hosts");
        write(volume(builder) + "/opts.json", R"({"MountType":"bind"})");
        fs::last_write_time(root_ / (volume(builder) + "/_data/history.db"),
                            now - std::chrono::hours(++age));
    }
    write(std::string("volumes/") + kState + "/_data/cache.db", database());
    write("volumes/buildx_buildkit_empty0_state/_data/directory/x");
    write("volumes/buildx_buildkit_other/_data/x");
    fs::create_directory_symlink("/etc", root_ / "volumes/buildx_buildkit_link0_state");
    EXPECT_TRUE(prepare().warm);
    EXPECT_TRUE(has(std::string("volumes/") + kState + "/_data/cache.db"));
    for (const char* builder : {"new0", "eager_turing0"}) {
        EXPECT_TRUE(has(volume(builder) + "/_data/history.db")) << builder;
        EXPECT_FALSE(has(volume(builder) + "/opts.json")) << builder;
        EXPECT_FALSE(has(volume(builder) + "/_data/runc-overlayfs/executor")) << builder;
    }
    for (const char* builder : {"mine0", "old0", "empty0", "link0"})
        EXPECT_FALSE(has(volume(builder))) << builder;
    EXPECT_FALSE(has("volumes/buildx_buildkit_other"));
}

TEST_F(DataRootTest, ALayerOfAnImageIsNoContainersLayer) {
    make_ready();
    make_image();
    write("image/overlay2/layerdb/mounts/c1/mount-id", "layer1");
    write("image/overlay2/layerdb/mounts/c1/init-id", "../../image");
    EXPECT_TRUE(prepare().warm);
    EXPECT_TRUE(has("overlay2/layer1/diff/bin/sh"));
    EXPECT_TRUE(has("image/overlay2/repositories.json"));
}

TEST_F(DataRootTest, DataThatCannotBeTrustedIsSetAsideWithTheReason) {
    struct Case {
        const char* reason;
        std::function<void()> spoil;
    };
    const auto remove = [this](const char* path) { fs::remove_all(root_ / path); };
    const Case cases[] = {
        {"the layer 0123abc is missing in the kept data", [&] { remove("overlay2/layer1"); }},
        {"the layer 0123abc is missing in the kept data", [&] { remove("overlay2/layer1/diff"); }},
        {"the database cache.db in the kept data is damaged",
         [&] { write("buildkit/cache.db", "garbage"); }},
        {"the database cache.db in the kept data is damaged",
         [&] { write("buildkit/cache.db", database().substr(0, 12'288)); }},
        {"the database cache.db in the kept data is damaged",
         [&] { write("buildkit/cache.db", database().replace(60, 1, "x")); }},
        {"the database history.db in the kept data is damaged",
         [&] { write(std::string("volumes/") + kState + "/_data/history.db", "garbage"); }},
        {"data of the storage driver btrfs is not kept",
         [&] { write("image/btrfs/layerdb/sha256/0/cache-id", "x"); }},
        {"the kept data cannot be cleaned: image is no directory",
         [&] {
             remove("image");
             fs::create_directory_symlink("/etc", root_ / "image");
         }},
        {"the kept data cannot be cleaned: buildkit is no directory",
         [&] {
             remove("buildkit");
             ASSERT_EQ(::mkfifo((root_ / "buildkit").c_str(), 0600), 0);
         }},
        {"the kept data has no valid marker", [&] { write(".runner/marker.json", "{}"); }},
        {"the kept data has no valid marker",
         [&] {
             remove(".runner");
             fs::create_directory_symlink("/etc", root_ / ".runner");
         }},
        {"the last jobs here ended before their engines were ready",
         [&] {
             DataRoot(root_.string()).mark(DataState::kStarting);
             EXPECT_TRUE(prepare().warm) << "one job may have been cancelled";
         }},
        {"the builder did not start with the kept data",
         [&] { DataRoot(root_.string()).mark(DataState::kDamaged); }},
    };
    for (const auto& spoiled : cases) {
        fs::remove_all(root_);
        fs::create_directories(root_);
        make_ready();
        make_image();
        spoiled.spoil();
        const auto outcome = prepare();
        EXPECT_FALSE(outcome.warm) << spoiled.reason;
        EXPECT_EQ(outcome.reason, spoiled.reason);
        for (const char* name : {"image", "overlay2", "buildkit", "engine-id"})
            EXPECT_FALSE(has(name)) << spoiled.reason << ": " << name;
        EXPECT_TRUE(fs::is_directory(fs::symlink_status(root_ / ".runner")));
        DataRoot(root_.string()).mark(DataState::kReady);
        EXPECT_TRUE(prepare().warm) << "the next job after: " << spoiled.reason;
    }
    EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(DataRootTest, TheImageStoreOfContainerdStaysWithoutItsContainers) {
    const std::string daemon = "containerd/daemon/";
    const auto make = [&] {
        fs::remove_all(root_);
        fs::create_directories(root_);
        make_ready();
        write(daemon + "io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/x");
        write(daemon + "io.containerd.metadata.v1.bolt/meta.db", database());
        write(daemon + "io.containerd.content.v1.content/blobs/sha256/1");
        write(daemon + "io.containerd.runtime.v2.task/moby/c1/config.json");
        write(daemon + "plugins/evil.so");
    };
    make();
    EXPECT_TRUE(prepare().warm);
    EXPECT_TRUE(has(daemon + "io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/x"));
    EXPECT_TRUE(has(daemon + "io.containerd.metadata.v1.bolt/meta.db"));
    EXPECT_TRUE(has(daemon + "io.containerd.content.v1.content/blobs/sha256/1"));
    EXPECT_FALSE(has(daemon + "io.containerd.runtime.v2.task"));
    EXPECT_FALSE(has(daemon + "plugins"));
    make();
    write("containers/c1/config.v2.json");
    EXPECT_EQ(prepare().reason, "the last job here was killed while containers of its engine ran");
    make();
    write(daemon + "io.containerd.metadata.v1.bolt/meta.db",
          database() + "containerd.io/restart.status" + "running");
    EXPECT_EQ(prepare().reason, "containers in the kept data would start by themselves");
}

TEST_F(DataRootTest, NothingOfAJobStaysBesideTheMarker) {
    write(".runner/hidden/big");
    write(".runner/marker.json/file");
    write(".runner/lock", "text");
    write(".runner/trash", "no directory");
    DataRoot root(root_.string());
    const UniqueFd lock = root.lock();
    EXPECT_TRUE(lock);
    EXPECT_FALSE(has(".runner/hidden"));
    EXPECT_FALSE(has(".runner/marker.json"));
    root.empty_trash();
    EXPECT_FALSE(has(".runner/trash"));
}

TEST_F(DataRootTest, FilesThatAJobHasMadeImmutableAreNoHindrance) {
    for (const char* name : {"lock", "marker.json", "marker.json.new"}) {
        write(std::string(".runner/") + name);
        const UniqueFd file(::open((root_ / ".runner" / name).c_str(), O_RDONLY));
        const int flags = FS_IMMUTABLE_FL;
        if (::ioctl(file.get(), FS_IOC_SETFLAGS, &flags) != 0)
            GTEST_SKIP() << "files cannot be made immutable here: " << std::strerror(errno);
    }
    DataRoot root(root_.string());
    const UniqueFd lock = root.lock();
    EXPECT_TRUE(lock);
    root.mark(DataMarker{});
    EXPECT_TRUE(root.marker());
}

/// Whether somebody waits for the lock of the file.
bool is_awaited(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return false;
    std::ifstream locks("/proc/locks");
    const std::string inode = ":" + std::to_string(status.st_ino) + " ";
    for (std::string line; std::getline(locks, line);) {
        if (line.find("-> FLOCK") != std::string::npos && line.find(inode) != std::string::npos)
            return true;
    }
    return false;
}

TEST_F(DataRootTest, OneContainerAtATimeUsesTheData) {
    make_ready();
    // The lock is held by another process, as by a container that is still there.
    const Pipe ready = make_pipe();
    const Pipe end = make_pipe();
    const pid_t other = ::fork();
    if (other == 0) {
        const UniqueFd lock = DataRoot(root_.string()).lock();
        static_cast<void>(::write(ready.write.get(), "x", 1) == 1);
        char byte = 0;
        read_some(end.read.get(), &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(read_some(ready.read.get(), &byte, 1), 1);
    DataRoot root(root_.string());
    EXPECT_THROW(static_cast<void>(root.lock()), Failure);
    EXPECT_THROW(static_cast<void>(root.lock(1)), Failure);
    std::thread ending([&] {
        while (!is_awaited(root_ / ".runner/lock")) std::this_thread::yield();
        ::kill(other, SIGKILL);
        ::waitpid(other, nullptr, 0);
    });
    EXPECT_NO_THROW(static_cast<void>(root.lock(60'000))) << "a lock ends with its owner";
    ending.join();
}

TEST(DataDisk, IsShortOfBytesOrOfInodes) {
    struct statvfs disk {};
    disk.f_frsize = 4096;
    disk.f_bavail = 1U << 20U;
    disk.f_files = 1U << 20U;
    disk.f_favail = 1U << 19U;
    EXPECT_FALSE(is_short(disk));
    disk.f_favail = 100;
    EXPECT_TRUE(is_short(disk));
    disk.f_files = 0;  // btrfs counts none
    EXPECT_FALSE(is_short(disk));
    disk.f_bavail = 1000;
    EXPECT_TRUE(is_short(disk));
}

}  // namespace
}  // namespace executors::helper
