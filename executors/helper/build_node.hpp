#pragma once

#include <string>

/// buildx tells BuildKit a name for the files of a build: the directory's, and an id that buildx
/// makes at random for each of its own directories. By that name BuildKit finds the files that it
/// got for an earlier build, and is sent only those that differ in size, mode, owner or time. A
/// job has a new directory of buildx, so without help every job would send everything.
namespace executors::helper {

/// Names the id that belongs to the job's slot; made by the daemon, the same for all jobs of a
/// slot.
inline constexpr char kBuildNodeVariable[] = "RUNNER_BUILD_NODE";

/// Writes the id where buildx looks for it. An id that is there stays. Does nothing for what is no
/// id, and where the file cannot be made: buildx makes its own id or none, and the build is slower.
void keep_build_node(const std::string& buildx_directory, const std::string& id);

}  // namespace executors::helper
