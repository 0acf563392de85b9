#include "runner/pipeline/merge/deep_merge.hpp"

#include <algorithm>

namespace runner::pipeline::merge {

using yaml::Map;
using yaml::Value;

Value deep_merge(const Value& base, const Value& over, Budget& budget) {
    if (!base.is_map() || !over.is_map()) return over;
    if (over.entries().empty()) return base;
    if (base.entries().empty()) return over;
    const std::uint64_t copied = base.entries().size() + over.entries().size();
    budget.entries -= std::min(budget.entries, copied);
    if (budget.is_spent()) return over;
    Map merged = base.entries();
    for (const auto& [key, value] : over.entries()) {
        const Value* old = key.is_string() ? merged.find(key.as_string()) : nullptr;
        merged.set(key, old != nullptr ? deep_merge(*old, value, budget) : value);
    }
    return Value::map(std::move(merged), over.mark());
}

}  // namespace runner::pipeline::merge
