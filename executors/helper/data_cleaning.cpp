#include "executors/helper/data_cleaning.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string_view>

#include "executors/helper/bolt_database.hpp"
#include "executors/helper/directory.hpp"

namespace executors::helper {

namespace {

/// The directories of an engine's data whose content is data alone.
constexpr std::array<std::string_view, 7> kKept{"image",    "overlay2",   "fuse-overlayfs", "vfs",
                                                "buildkit", "containerd", "volumes"};
/// Volumes with the state of builders, as buildx names them.
constexpr std::string_view kStateStart = "buildx_buildkit_";
constexpr std::string_view kStateEnd = "_state";
/// Of builders that scripts have made. Their names may be other ones in each job.
constexpr std::size_t kMostOfScripts = 2;
/// The engine's builder asks for cached results by this id.
constexpr const char* kEngineId = "engine-id";
/// Besides the snapshotters, whose names begin alike.
constexpr std::array<std::string_view, 2> kKeptOfContainerd{"io.containerd.content.v1.content",
                                                            "io.containerd.metadata.v1.bolt"};
constexpr std::string_view kSnapshotter = "io.containerd.snapshotter.v1.";
/// Where builders keep the files of steps that run.
constexpr const char* kExecutor = "executor";
constexpr std::size_t kIdLimit = 256;
/// A larger database of containerd is not looked through, and its data not used again.
constexpr std::size_t kDatabaseLimit = 64U << 20U;

template <typename List>
bool contains(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<DirectoryEntry> entries_below(int directory, std::initializer_list<std::string> names) {
    const UniqueFd opened = open_below(directory, names);
    return opened ? entries_of(opened.get()) : std::vector<DirectoryEntry>();
}

/// The directory in which a storage driver has one directory for each layer.
UniqueFd layers_of(int root, const std::string& driver) {
    return driver == "vfs" ? open_below(root, {driver, "dir"}) : open_below(root, {driver});
}

bool is_id(const std::string& text) {
    return !text.empty() &&
           text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
}

std::string id_in(int directory, const std::string& file) {
    const auto text = read_small_file(directory, file, kIdLimit);
    return text && is_id(*text) ? *text : std::string();
}

/// For every layer that an image may have: its digest, and the directory of its files.
void each_layer(int layerdb,
                const std::function<void(const std::string&, const std::string&)>& use) {
    for (const auto& entry : entries_below(layerdb, {"sha256"})) {
        const UniqueFd layer = open_below(layerdb, {"sha256", entry.name});
        if (layer) use(entry.name, id_in(layer.get(), "cache-id"));
    }
}

bool uses_snapshots(int root) {
    for (const auto& entry : entries_below(root, {"containerd", "daemon"})) {
        if (entry.name.rfind(kSnapshotter, 0) != 0) continue;
        if (!entries_below(root, {"containerd", "daemon", entry.name, "snapshots"}).empty())
            return true;
    }
    return false;
}

std::string unknown_driver(int root) {
    static constexpr std::array<std::string_view, 3> kKnown{"overlay2", "fuse-overlayfs", "vfs"};
    for (const auto& driver : entries_below(root, {"image"})) {
        const bool has_layers = !entries_below(root, {"image", driver.name, "layerdb"}).empty();
        if (has_layers && !contains(kKnown, driver.name)) return driver.name;
    }
    return {};
}

std::string missing_layer(int root) {
    for (const auto& driver : entries_below(root, {"image"})) {
        const UniqueFd layerdb = open_below(root, {"image", driver.name, "layerdb"});
        if (!layerdb) continue;
        const UniqueFd files = layers_of(root, driver.name);
        std::string missing;
        each_layer(layerdb.get(), [&](const std::string& digest, const std::string& id) {
            const bool there = files && !id.empty() && type_in(files.get(), id) == S_IFDIR &&
                               (driver.name == "vfs" || open_below(files.get(), {id, "diff"}));
            if (!there) missing = digest;
        });
        if (!missing.empty()) return missing;
    }
    return {};
}

/// The name of a database that is none, in the directory and, for `deep`, in those below it.
std::string broken_database(int directory, bool deep) {
    for (const auto& entry : entries_of(directory)) {
        const std::string& name = entry.name;
        if (name.ends_with(".db") && !is_bolt_database(directory, name)) return as_shown(name, 40);
        if (!deep || entry.type != S_IFDIR) continue;
        const UniqueFd below = open_below(directory, {name});
        std::string broken = below ? broken_database(below.get(), false) : "";
        if (!broken.empty()) return broken;
    }
    return {};
}

std::string broken_database_of(int root) {
    for (const UniqueFd& place :
         {open_below(root, {"buildkit"}),
          open_below(root, {"containerd", "daemon", "io.containerd.metadata.v1.bolt"})}) {
        std::string broken = place ? broken_database(place.get(), false) : "";
        if (!broken.empty()) return broken;
    }
    for (const auto& volume : entries_below(root, {"volumes"})) {
        const UniqueFd data = open_below(root, {"volumes", volume.name, "_data"});
        const bool builders = volume.name.starts_with(kStateStart);
        std::string broken = data && builders ? broken_database(data.get(), true) : "";
        if (!broken.empty()) return broken;
    }
    return {};
}

/// containerd has a plugin that starts containers again whose record asks for it with this label.
/// No engine sets it. In a database, names are not divided, but a free page may still have one.
bool has_restarting_containers(int root) {
    constexpr std::string_view kLabel = "containerd.io/restart.";
    const UniqueFd place =
        open_below(root, {"containerd", "daemon", "io.containerd.metadata.v1.bolt"});
    if (!place || type_in(place.get(), "meta.db") == 0) return false;
    const auto text = read_small_file(place.get(), "meta.db", kDatabaseLimit);
    return !text || text->find(kLabel) != std::string::npos;
}

/// When a builder has last written a file of its state; 0 when it has none.
std::int64_t last_use(int volumes, const std::string& name) {
    const UniqueFd data = open_below(volumes, {name, "_data"});
    std::int64_t last = 0;
    for (const auto& entry : data ? entries_of(data.get()) : std::vector<DirectoryEntry>()) {
        struct stat status {};
        if (entry.type == S_IFREG &&
            ::fstatat(data.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
            last = std::max<std::int64_t>(last, status.st_mtim.tv_sec);
        }
    }
    return last;
}

/// The states of the builders that scripts have used last, without `kept`.
std::vector<std::string> states_of_scripts(int volumes, const std::string& kept) {
    std::vector<std::pair<std::int64_t, std::string>> states;
    for (const auto& entry : entries_of(volumes)) {
        const bool state = entry.type == S_IFDIR && entry.name.starts_with(kStateStart) &&
                           entry.name.ends_with(kStateEnd);
        if (!state || entry.name == kept) continue;
        const std::int64_t last = last_use(volumes, entry.name);
        if (last > 0) states.emplace_back(last, entry.name);
    }
    std::sort(states.rbegin(), states.rend());
    if (states.size() > kMostOfScripts) states.resize(kMostOfScripts);
    std::vector<std::string> names;
    for (auto& state : states) names.push_back(std::move(state.second));
    return names;
}

/// One pass over the data.
class Cleaner {
  public:
    explicit Cleaner(DataRoot& root) : root_(root), top_(root.directory()) {}

    void run(const std::string& kept_volume) {
        const bool has_id = has_engine_id();
        keep(top_, [&](const auto& name) {
            return name == ".runner" || contains(kKept, name) || (has_id && name == kEngineId);
        });
        clean_images();
        drop_below({"buildkit"}, kExecutor);
        clean_containerd();
        clean_volumes(kept_volume);
    }

  private:
    using IsKept = std::function<bool(const std::string&)>;

    /// Sets everything else aside. What is kept must be a directory.
    void keep(int directory, const IsKept& is_kept) {
        for (const auto& entry : entries_of(directory)) {
            if (!is_kept(entry.name)) {
                root_.set_aside(directory, entry.name);
            } else if (entry.type != S_IFDIR && entry.name != kEngineId) {
                throw Failure(as_shown(entry.name, 40) + " is no directory");
            }
        }
    }

    [[nodiscard]] bool has_engine_id() const {
        const auto id = read_small_file(top_, kEngineId, kIdLimit);
        return id && id->find_first_not_of(
                         "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:"
                         "abcdefghijklmnopqrstuvwxyz-\n") == std::string::npos;
    }

    void drop_below(std::initializer_list<std::string> names, const std::string& name) {
        if (const UniqueFd directory = open_below(top_, names))
            root_.set_aside(directory.get(), name);
    }

    void clean_images() {
        for (const auto& driver : entries_below(top_, {"image"})) {
            const UniqueFd layerdb = open_below(top_, {"image", driver.name, "layerdb"});
            if (!layerdb) continue;
            root_.set_aside(layerdb.get(), "tmp");
            drop_containers_layers(layerdb.get(), driver.name);
        }
    }

    /// The writable layers of containers, and of steps of builds that were interrupted.
    void drop_containers_layers(int layerdb, const std::string& driver) {
        const UniqueFd mounts = open_below(layerdb, {"mounts"});
        const UniqueFd files = layers_of(top_, driver);
        if (!mounts || !files) return;
        std::set<std::string> of_images;
        const auto containers = entries_of(mounts.get());
        if (!containers.empty()) {
            each_layer(layerdb, [&](const auto&, const auto& id) { of_images.insert(id); });
        }
        for (const auto& container : containers) {
            if (const UniqueFd noted = open_below(mounts.get(), {container.name})) {
                for (const char* file : {"mount-id", "init-id"}) {
                    const std::string id = id_in(noted.get(), file);
                    if (!id.empty() && !of_images.contains(id)) drop_layer(files.get(), id);
                }
            }
            root_.set_aside(mounts.get(), container.name);
        }
    }

    void drop_layer(int files, const std::string& id) {
        if (const UniqueFd layer = open_below(files, {id})) {
            const auto link = read_small_file(layer.get(), "link", kIdLimit);
            const UniqueFd links = open_below(files, {"l"});
            if (links && link && !link->empty() && link->find('/') == std::string::npos)
                root_.set_aside(links.get(), *link);
        }
        root_.set_aside(files, id);
    }

    void clean_containerd() {
        // Without images in it, it knows only of containers that are gone.
        if (!uses_snapshots(top_)) {
            root_.set_aside(top_, "containerd");
            return;
        }
        const UniqueFd containerd = open_below(top_, {"containerd"});
        keep(containerd.get(), [](const auto& name) { return name == "daemon"; });
        const UniqueFd daemon = open_below(top_, {"containerd", "daemon"});
        keep(daemon.get(), [](const auto& name) {
            return contains(kKeptOfContainerd, name) || name.rfind(kSnapshotter, 0) == 0;
        });
    }

    void clean_volumes(const std::string& kept) {
        const UniqueFd volumes = open_below(top_, {"volumes"});
        if (!volumes) return;
        auto states = states_of_scripts(volumes.get(), kept);
        if (!kept.empty()) states.push_back(kept);
        keep(volumes.get(), [&](const auto& name) { return contains(states, name); });
        for (const auto& state : states) clean_state(volumes.get(), state);
    }

    void clean_state(int volumes, const std::string& name) {
        const UniqueFd volume = open_below(volumes, {name});
        if (!volume) return;
        // The file beside the data could mount anything in its place.
        keep(volume.get(), [](const auto& entry) { return entry == "_data"; });
        const UniqueFd data = open_below(volume.get(), {"_data"});
        if (!data) return;
        for (const auto& worker : entries_of(data.get())) {
            if (const UniqueFd below = open_below(data.get(), {worker.name}))
                root_.set_aside(below.get(), kExecutor);
        }
    }

    DataRoot& root_;
    int top_;
};

}  // namespace

std::string damage_of(const DataRoot& root) {
    const int top = root.directory();
    if (const std::string driver = unknown_driver(top); !driver.empty())
        return "data of the storage driver " + as_shown(driver, 40) + " is not kept";
    if (const std::string layer = missing_layer(top); !layer.empty())
        return "the layer " + as_shown(layer, 12) + " is missing in the kept data";
    if (const std::string name = broken_database_of(top); !name.empty())
        return "the database " + name + " in the kept data is damaged";
    if (!uses_snapshots(top)) return {};
    if (has_restarting_containers(top))
        return "containers in the kept data would start by themselves";
    if (!entries_below(top, {"containers"}).empty())
        return "the last job here was killed while containers of its engine ran";
    return {};
}

bool only_engine_removes_containers(const DataRoot& root) {
    return uses_snapshots(root.directory());
}

void clean_data(DataRoot& root, const std::string& kept_volume) { Cleaner(root).run(kept_volume); }

}  // namespace executors::helper
