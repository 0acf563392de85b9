#pragma once

#include <functional>
#include <string>
#include <vector>

/// The builder's image in the job's Docker engine without a copy of it.
///
/// The daemon has a volume with the data root of an engine of the same image, into which that
/// engine has loaded the builder's image (executors/docker/builder_volume.hpp). Before the job's
/// engine starts, what is small of that data root is copied into the job's own: the engine's
/// records, written by the engine itself. What is large is shared: the layers' directories are
/// mounted from the volume, and the content files of containerd are symbolic links into it. So the
/// image has its own id, and the engine treats it as one that it has pulled. Both stores of images
/// are known, overlay2 and containerd's overlayfs.
///
/// A data root that was planted in this way depends on the volume: it names it in the file
/// "image/.runner-builder". Where that volume is missing or has been replaced, the engine begins
/// with an empty store, because the layers would be empty directories.
namespace executors::helper {

/// In the volume: its name, written when it was complete.
inline constexpr char kSeedMarker[] = "runner-complete";

struct SeedPlaces {
    std::string volume = "/.runner-builder";
    std::string data_root = "/var/lib/docker";
};

/// Shows the directory `from` at the directory `to`; throws Failure.
using MountDirectory = std::function<void(const std::string& from, const std::string& to)>;
/// By the kernel. Nothing is mounted twice.
void mount_directory(const std::string& from, const std::string& to);

/// Prepares the data root for an engine that does not run yet. A data root with a store of images
/// that was not planted stays as it is. Answers a line for the engine's log, "" for none; a failure
/// is such a line, and leaves an empty store. No exceptions.
std::string plant_engine_seed(const SeedPlaces& places, const MountDirectory& mount);

/// Why layers of the data root would be empty in this job, in words for the job log; "" when there
/// is nothing of the kind.
std::string missing_seed(const SeedPlaces& places);

/// The settings file of this container's dockerd; "" when there is none.
std::string read_daemon_json();
/// Whether an engine that is started with these arguments and this daemon.json ("" for none) uses
/// the default data root. Pure.
bool uses_default_data_root(const std::vector<std::string>& arguments,
                            const std::string& daemon_json);

}  // namespace executors::helper
