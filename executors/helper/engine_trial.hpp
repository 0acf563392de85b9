#pragma once

#include <optional>
#include <string>
#include <vector>

#include "executors/helper/data_outcome.hpp"

namespace executors::helper {

/// The outcome when this process is the dockerd that the ENTRYPOINT of a container with kept data
/// starts; nothing for any other dockerd. Takes the sign of it out of the environment.
std::optional<DataOutcome> take_kept_data();

/// Runs dockerd on kept data as a child, and passes signals on to it. When it ends or stays silent
/// before it has answered once, the data is set aside and dockerd is started again without it. When
/// it answers, the marker says so, and what was set aside is removed beside it. Ends as the last
/// dockerd has ended. `arguments`: argv.
int run_on_kept_data(const std::string& program, const std::vector<std::string>& arguments,
                     DataOutcome outcome);

}  // namespace executors::helper
