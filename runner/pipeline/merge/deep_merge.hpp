#pragma once

#include <cstdint>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::merge {

/// The number of map entries that all merges of one configuration may copy. Once the budget is
/// spent, results of deep_merge() are incomplete: ask is_spent() before you use one.
struct Budget {
    std::uint64_t entries = 4'000'000;
    [[nodiscard]] bool is_spent() const { return entries == 0; }
};

/// Merges `over` into `base`: maps are merged key by key at every depth; any other value of `over`
/// replaces that of `base`. The result shares unchanged parts with its arguments.
yaml::Value deep_merge(const yaml::Value& base, const yaml::Value& over, Budget& budget);

}  // namespace runner::pipeline::merge
