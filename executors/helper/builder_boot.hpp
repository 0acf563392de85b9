#pragma once

#include <optional>
#include <string>
#include <vector>

#include "executors/helper/builder_container.hpp"

namespace executors::helper {

struct BuilderBoot {
    std::string buildx;   ///< path of the plugin
    std::string builder;  ///< name of the prepared builder
    std::string image;    ///< the image that the builder boots from
    std::string socket = "/var/run/docker.sock";
    /// What buildx would make; nullopt: buildx itself must make it.
    std::optional<BuilderContainer> container = std::nullopt;
};

/// Whether buildx with these arguments may boot the builder: commands that build, and --bootstrap.
bool may_boot(const std::vector<std::string>& arguments);

/// Boots the prepared builder as buildx would, but without asking the registry, and without
/// waiting as buildx does: buildx asks whether the builder answers at intervals that grow to more
/// than half a second. Here it is asked every few milliseconds, and the buildx call that follows
/// finds it running. A container that only buildx can make or start is left to buildx. Does nothing
/// when the builder runs, or when its image would have to be pulled, because buildx shows the pull.
/// Failures are not reported: the buildx call that follows meets them again and reports them.
///
/// A builder that ends by itself, but not without the state that an earlier job has left, boots
/// without it; the state is removed.
enum class Booted { kNo, kYes, kWithoutItsState };
Booted boot_builder(const BuilderBoot& boot);

/// What a user reads when the state was removed: a line for standard error.
inline constexpr char kStateIsLost[] =
    "runner-helper: the builder ended with the state that it had kept from earlier jobs; it has "
    "none now, so layers are built again\n";

}  // namespace executors::helper
