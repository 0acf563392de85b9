#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runner/status/snapshot.hpp"

namespace runner::status {

/// A job as the text that the history keeps, and back. Pure. Fields that a later version adds are
/// left out, and those that it drops have their defaults; nullopt for what is no such text.
std::string to_row(const RecentJob& job);
std::optional<RecentJob> from_row(std::string_view row);

}  // namespace runner::status
