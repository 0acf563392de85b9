#pragma once

#include <cstdint>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline {

/// How many entries the merges of one load may copy. When it is used up, results are of no use: ask
/// is_spent() before they are.
struct MergeBudget {
    std::uint64_t entries = 4'000'000;
    [[nodiscard]] bool is_spent() const { return entries == 0; }
};

/// `over` laid over `base`: maps merge key by key at every depth, anything else replaces.
/// Unchanged parts are shared with the arguments.
yaml::Value deep_merge(const yaml::Value& base, const yaml::Value& over, MergeBudget& budget);

}  // namespace runner::pipeline
