#pragma once

#include <string>
#include <vector>

namespace executors::helper {

struct BuilderBoot {
    std::string buildx;   ///< the plugin itself
    std::string builder;  ///< name of the prepared builder
    std::string image;    ///< that it boots from
    std::string socket = "/var/run/docker.sock";
};

/// Whether a call of buildx with these words may boot the builder: everything that builds or names
/// --bootstrap.
bool may_boot(const std::vector<std::string>& arguments);

/// Boots a prepared builder with buildx's own code, but without its clock: buildx asks whether the
/// daemon answers in steps that grow to more than half a second; here it is asked all the time, and
/// the call that follows finds it running. Does nothing when the builder runs, or its image would
/// have to be pulled first: buildx shows that. Failures are left for the call that follows to tell.
void boot_builder(const BuilderBoot& boot);

}  // namespace executors::helper
