#pragma once

#include <string>
#include <vector>

namespace executors::helper {

struct BuilderBoot {
    std::string buildx;   ///< path of the plugin
    std::string builder;  ///< name of the prepared builder
    std::string image;    ///< the image that the builder boots from
    std::string socket = "/var/run/docker.sock";
};

/// Whether buildx with these arguments may boot the builder: commands that build, and --bootstrap.
bool may_boot(const std::vector<std::string>& arguments);

/// The container of a builder.
std::string builder_container(const std::string& builder);

/// Boots the prepared builder through buildx, but does not wait as buildx does: buildx asks whether
/// the builder answers at intervals that grow to more than half a second. Here it is asked every
/// few milliseconds, and the buildx call that follows finds it running. Does nothing when the
/// builder runs, or when its image would have to be pulled, because buildx shows the pull. Failures
/// are not reported: the buildx call that follows meets them again and reports them. True when this
/// call has booted it, and it answers.
bool boot_builder(const BuilderBoot& boot);

}  // namespace executors::helper
