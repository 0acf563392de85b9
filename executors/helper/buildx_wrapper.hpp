#pragma once

#include <string>
#include <vector>

namespace executors::helper {

/// `docker-buildx`, as the docker client calls its plugin: prepares what the command needs, changes
/// its arguments (buildx_arguments.hpp), and becomes the plugin of the image. Returns only when
/// that cannot be started: 127, with a sentence on standard error.
int run_buildx_wrapper(const std::vector<std::string>& arguments);

/// Before the command that makes the prepared builder: begins to boot it when its image is there
/// (builder_ahead.hpp). Standard input has it as buildx will note it, without its configuration,
/// which stands in the file `config`.
int boot_prepared_builder(const std::string& config);
/// Behind the command that makes the prepared builder: notes that it is the runner's, gives it the
/// job's proxies, and boots it if it does not boot yet.
int note_prepared_builder();
/// Waits until that has ended.
int await_builder();

}  // namespace executors::helper
