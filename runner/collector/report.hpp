#pragma once

#include <vector>

#include "base/json.hpp"
#include "runner/collector/collect.hpp"

namespace runner::collector {

/// The answer of `runner gc --format json` and of the control socket (docs/operations.md).
nlohmann::ordered_json report_json(const std::vector<PlaceReport>& reports, const Wish& wish);

}  // namespace runner::collector
