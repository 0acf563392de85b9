#pragma once

#include <optional>
#include <string_view>

namespace runner::script {

/// Reads a boolean as Go's strconv.ParseBool does, which the official runner uses. nullopt for any
/// other text.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace runner::script
