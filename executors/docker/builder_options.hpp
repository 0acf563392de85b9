#pragma once

#include <string>
#include <vector>

#include "executors/docker/settings.hpp"

namespace executors::docker {

/// The options of the builder's docker-container driver, one name=value each: builder_driver_opts,
/// then builder_image. buildx reads an option as CSV. So an element of several options is divided,
/// as buildx would; any other comma belongs to the element's value ("env.NO_PROXY=a,b"), for which
/// buildx needs quotes (csv_field). Pure.
std::vector<std::string> driver_options(const DindSettings& settings);

bool builder_is_on_host_network(const DindSettings& settings);

}  // namespace executors::docker
