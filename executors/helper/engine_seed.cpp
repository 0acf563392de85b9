#include "executors/helper/engine_seed.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <string_view>

#include "base/json.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

namespace fs = std::filesystem;

/// In the store that depends on the volume, so that it goes with it.
constexpr const char* kRecord = "image/.runner-builder";
/// What the record begins with until everything is in its place.
constexpr const char* kPlanting = "planting ";
constexpr std::size_t kMostInRecord = 256;
constexpr std::array<const char*, 3> kStores{"image", "overlay2", "containerd"};
constexpr const char* kSnapshots =
    "containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots";
constexpr const char* kBlobs = "containerd/daemon/io.containerd.content.v1.content/blobs/sha256";

/// The first line of a short file; "" for anything else: a job may have left a pipe there.
std::string read_line(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    std::array<char, kMostInRecord> text{};
    const ssize_t count = read_some(file.get(), text.data(), text.size());
    const std::string_view read(text.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
    return std::string(read.substr(0, read.find('\n')));
}

/// Replaces the file as a whole.
void write_record(const std::string& root, const std::string& text) {
    const std::string path = root + "/" + kRecord;
    const std::string fresh = path + ".new";
    const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || !write_all(file.get(), text + "\n")) fail_errno("write " + fresh);
    if (::rename(fresh.c_str(), path.c_str()) != 0) fail_errno("rename " + fresh);
}

/// The directory of a layer's files.
bool is_layer(const fs::path& path) {
    const fs::path place = path.parent_path().parent_path();
    return (path.filename() == "diff" && place == "overlay2") ||
           (path.filename() == "fs" && place == kSnapshots);
}

bool is_blob(const fs::path& path) { return path.parent_path() == kBlobs; }

/// Brings the records of one data root into another, and collects the layers.
class Planter {
  public:
    explicit Planter(const SeedPlaces& places) : places_(places) {}

    void plant() {
        for (const char* store : kStores) {
            const fs::path path = fs::path(places_.volume) / store;
            if (fs::is_directory(path)) plant_directory(store, path);
        }
    }
    /// The same without the copies: only the layers that the data root still has.
    void find_layers() {
        for (const fs::path& place : {fs::path("overlay2"), fs::path(kSnapshots)}) {
            const fs::path seed = fs::path(places_.volume) / place;
            for (const auto& name : list_directory(seed.string())) {
                for (const char* part : {"diff", "fs"}) {
                    const fs::path layer = place / name / part;
                    if (is_layer(layer) && is_there(layer)) layers_.push_back(layer.string());
                }
            }
        }
    }
    [[nodiscard]] const std::vector<std::string>& layers() const { return layers_; }

  private:
    [[nodiscard]] bool is_there(const fs::path& path) const {
        return fs::is_directory(fs::symlink_status(places_.data_root / path)) &&
               fs::is_directory(fs::symlink_status(places_.volume / path));
    }

    void plant_directory(const fs::path& path, const fs::path& source) {
        const fs::path target = places_.data_root / path;
        struct stat status {};
        if (::lstat(source.c_str(), &status) != 0) fail_errno("look at " + source.string());
        fs::create_directory(target);
        fs::permissions(target, static_cast<fs::perms>(status.st_mode & 07777U));
        if (is_layer(path)) {
            layers_.push_back(path.string());
            return;
        }
        for (const auto& entry : fs::directory_iterator(source)) {
            plant_entry(path / entry.path().filename(), entry);
        }
    }

    void plant_entry(const fs::path& path, const fs::directory_entry& source) {
        const fs::path target = places_.data_root / path;
        if (source.is_symlink()) {
            fs::copy_symlink(source.path(), target);
        } else if (source.is_directory()) {
            plant_directory(path, source.path());
        } else if (source.is_regular_file() && is_blob(path)) {
            fs::create_symlink(source.path(), target);
        } else if (source.is_regular_file()) {
            fs::copy_file(source.path(), target);
        }
    }

    const SeedPlaces& places_;
    std::vector<std::string> layers_;  ///< paths below the data root
};

/// The name of the volume, "" when it cannot be used: it is missing, or it is being filled. Layers
/// of another kind of file system are left alone: not every one can be used by every store.
std::string usable_volume(const SeedPlaces& places) {
    struct statfs volume {};
    struct statfs root {};
    if (::statfs(places.volume.c_str(), &volume) != 0 ||
        ::statfs(places.data_root.c_str(), &root) != 0 || volume.f_type != root.f_type) {
        return {};
    }
    return read_line(places.volume + "/" + kSeedMarker);
}

/// Whether an engine has used it, or somebody else.
bool is_in_use(const std::string& root) {
    const auto names = list_directory(root);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name != "lost+found" && name.rfind(".runner", 0) != 0 &&
               fs::is_directory(root + "/" + name);
    });
}

/// Takes the layers of the volume away from the data root, and then everything of the engine. What
/// begins with ".runner" belongs to the runner.
void empty_data_root(const SeedPlaces& places) {
    Planter planter(places);
    planter.find_layers();
    for (const auto& layer : planter.layers()) {
        ::umount2((places.data_root + "/" + layer).c_str(), MNT_DETACH);  // EINVAL: nothing there
    }
    for (const auto& name : list_directory(places.data_root)) {
        if (name.rfind(".runner", 0) != 0) fs::remove_all(places.data_root + "/" + name);
    }
}

void mount_layers(const SeedPlaces& places, const Planter& planter, const MountDirectory& mount) {
    for (const auto& layer : planter.layers()) {
        mount(places.volume + "/" + layer, places.data_root + "/" + layer);
    }
}

void plant(const SeedPlaces& places, const std::string& volume, const MountDirectory& mount) {
    fs::create_directory(places.data_root + "/image");
    write_record(places.data_root, kPlanting + volume);
    Planter planter(places);
    planter.plant();
    mount_layers(places, planter, mount);
    write_record(places.data_root, volume);
}

std::string prepare(const SeedPlaces& places, const MountDirectory& mount) {
    const std::string volume = usable_volume(places);
    const std::string planted = read_line(places.data_root + "/" + kRecord);
    if (planted.empty()) {
        if (!volume.empty() && !is_in_use(places.data_root)) plant(places, volume, mount);
        return {};
    }
    if (planted == volume) {
        Planter planter(places);
        planter.find_layers();
        mount_layers(places, planter, mount);
        return {};
    }
    const std::string reason = missing_seed(places);
    empty_data_root(places);
    if (!volume.empty()) plant(places, volume, mount);
    return "runner-helper: the engine begins without images: " + reason;
}

}  // namespace

std::string missing_seed(const SeedPlaces& places) {
    const std::string planted = read_line(places.data_root + "/" + kRecord);
    if (planted.empty() || planted == usable_volume(places)) return {};
    return "the builder's image or the engine's is another one than before (" + planted + ")";
}

void mount_directory(const std::string& from, const std::string& to) {
    struct stat source {};
    struct stat target {};
    if (::stat(from.c_str(), &source) != 0) fail_errno("look at " + from);
    if (::stat(to.c_str(), &target) != 0) fail_errno("look at " + to);
    if (source.st_dev == target.st_dev && source.st_ino == target.st_ino) return;
    // The volume is mounted read-only, and a bind mount of its directories inherits this.
    if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0)
        fail_errno("mount " + from);
}

std::string plant_engine_seed(const SeedPlaces& places, const MountDirectory& mount) {
    std::string failure;
    try {
        return prepare(places, mount);
    } catch (const std::exception& problem) {  // Failure, and those of std::filesystem
        failure = problem.what();
    }
    std::string line = "runner-helper: the builder's image is copied: " + failure;
    try {
        empty_data_root(places);
    } catch (const std::exception& problem) {
        return line + "; and the data root cannot be emptied: " + problem.what();
    }
    return line;
}

std::string read_daemon_json() {
    constexpr std::size_t kMost = 1U << 20U;
    return read_file_end("/etc/docker/daemon.json", kMost);
}

bool uses_default_data_root(const std::vector<std::string>& arguments,
                            const std::string& daemon_json) {
    static constexpr std::array<std::string_view, 9> kOther{
        "--data-root", "-g",     "--graph", "--config-file", "--validate", "--version",
        "-v",          "--help", "-h"};
    const bool other = std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) {
        const std::string name = argument.substr(0, argument.find('='));
        return std::find(kOther.begin(), kOther.end(), name) != kOther.end();
    });
    const auto file = base::parse_foreign_json(daemon_json);
    return !other && !(file.is_object() && (file.contains("data-root") || file.contains("graph")));
}

}  // namespace executors::helper
