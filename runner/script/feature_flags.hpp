#pragma once

#include <string_view>
#include <vector>

namespace runner::script {

struct FeatureFlag {
    std::string_view name;
    bool by_default;
};

/// Every flag that the official runner knows (runner-protocol.md §5.8): jobs see all of them as
/// variables.
const std::vector<FeatureFlag>& feature_flags();

}  // namespace runner::script
