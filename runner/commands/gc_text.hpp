#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace runner::commands {

/// The answer of a collection (runner/collector/report.hpp) for a terminal. kProtocol for an answer
/// that is none. Pure.
base::Result<std::string> gc_text(const nlohmann::json& answer);
/// Whether all could be done.
bool gc_succeeded(const nlohmann::json& answer);

}  // namespace runner::commands
