#pragma once

#include <string>

namespace runner::status {

/// Labels `runner`, `runner_name`, `system_id` of the official metrics.
struct RunnerLabels {
    std::string short_token;
    std::string name;
    std::string system_id;
};

}  // namespace runner::status
