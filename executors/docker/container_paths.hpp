#pragma once

namespace executors::docker {

/// Paths in a job's containers.
inline constexpr const char* kHelper = "/.runner/bin/runner-helper";
/// Where the runner's git is, once RunnerVolume::add_git() has put it there.
inline constexpr const char* kGitDir = "/.runner/git/bin";
/// The supervisor's directory.
inline constexpr const char* kJobDir = "/.runner-job";
/// The directory in which a sidecar engine and the job share a socket.
inline constexpr const char* kEngineDir = "/.runner-engine";

/// Where an inner engine keeps its data.
inline constexpr const char* kDataRoot = "/var/lib/docker";
/// What runner-helper has decided about kept data (executors/helper/data_outcome.hpp).
inline constexpr const char* kDataOutcome = "/.runner-data.json";
/// Where the engine of a job has the builder's image (SeedPlaces in executors/helper).
inline constexpr const char* kBuilderDir = "/.runner-builder";
/// In the volume that is there: its name, once the volume is complete.
inline constexpr const char* kSeedMarker = "runner-complete";
/// Where containers of a git mirror have its volume (git_mirrors.hpp).
inline constexpr const char* kMirrorDir = "/.runner-mirror";

/// Holds the runner's docker, which waits for images that are being copied into the job's engine.
inline constexpr const char* kFrontDir = "/.runner-front";
/// Where config.json of the docker client waits until get_sources has ended.
inline constexpr const char* kLoginDir = "/.runner-login";

}  // namespace executors::docker
