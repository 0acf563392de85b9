#pragma once

#include <string>

namespace executors::helper {

/// Moves what seed_mirror() has put into `seed` into the new, empty repository of `project`, whose
/// next fetch offers it to the server. The refs of it are below kMirrorRefs. `seed` is removed as
/// far as this user may. Throws Failure when something is missing; then nothing names what was
/// moved.
void seed_repository(const std::string& project, const std::string& seed);

/// Removes what copies for former jobs have left in the directory of all builds: unused, or not
/// complete. What this user may not remove stays.
void remove_former_seeds(int builds);

/// Tells the daemon what the first fetch of the repository of `project` has cost
/// (stage_report.hpp): the time since it was made, and the bytes of its packs.
void report_clone(const std::string& project, const std::string& clone);

}  // namespace executors::helper
