#pragma once

#include <string>

#include "executors/docker/settings.hpp"

namespace executors::docker {

/// A script for sh, run as root: makes the builder the current one, and prints one line for the job
/// log when that fails. It begins to boot where its image is there
/// (executors/helper/builder_ahead.hpp). A builder of that name from an earlier job keeps its state
/// and gets the new configuration. buildx keeps the current builder of each address of an engine;
/// `anywhere`: it is current for every address.
std::string builder_script(const DindSettings& settings, bool anywhere = false);

}  // namespace executors::docker
