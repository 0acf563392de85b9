#pragma once

namespace executors::docker {

/// Paths in a job's containers.
inline constexpr const char* kHelper = "/.runner/bin/runner-helper";
/// The supervisor's directory.
inline constexpr const char* kJobDir = "/.runner-job";
/// The directory in which a sidecar engine and the job share a socket.
inline constexpr const char* kEngineDir = "/.runner-engine";

}  // namespace executors::docker
