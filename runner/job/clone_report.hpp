#pragma once

#include <optional>
#include <string_view>

#include "executors/spec.hpp"

namespace runner::job {

/// Reads what `runner-helper sources measure` reports of get_sources
/// (executors/helper/stage_report.hpp). What cannot be read is left out: a program of the image may
/// have written it. The last one counts: a mirror may turn out to be damaged. Pure.
std::optional<executors::GitClone> parse_clone_report(std::string_view text);

}  // namespace runner::job
