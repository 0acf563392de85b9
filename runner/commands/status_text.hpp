#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace runner::commands {

/// /status.json as text: a line about the daemon, a table of jobs, a table of runners, one of
/// the environments that they make ahead. kProtocol for a text that is no such page. Control
/// characters in names are replaced.
base::Result<std::string> status_text(const std::string& json);

/// The jobs of a status page as a table.
std::string jobs_table(const nlohmann::json& jobs);
/// The jobs of its history.
std::string recent_jobs_table(const nlohmann::json& jobs);

/// The URL of a `listen_address` on this machine: "http://127.0.0.1:9252" for ":9252".
std::string status_endpoint(std::string_view listen_address);

}  // namespace runner::commands
