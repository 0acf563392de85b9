#pragma once

#include <span>
#include <string_view>

namespace runner::config {

struct KnownFeatureFlag {
    std::string_view name;
    bool by_default;
    std::string_view no_effect = {};  ///< why it changes nothing here; "" for one that does
};

/// Every flag that the official runner knows (runner-protocol.md §5.8): jobs see all of them as
/// variables.
std::span<const KnownFeatureFlag> known_feature_flags();

/// Null for a flag that is not known.
const KnownFeatureFlag* find_feature_flag(std::string_view name);

}  // namespace runner::config
