#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace runner::commands {

/// /status.json for people: one line about the daemon, a table of jobs, a table of runners.
/// kProtocol for what is not such a page. Control characters of names do not reach the terminal.
base::Result<std::string> status_text(const std::string& json);

/// Where a `listen_address` is reached from this machine: "http://127.0.0.1:9252" for ":9252".
std::string status_endpoint(std::string_view listen_address);

}  // namespace runner::commands
