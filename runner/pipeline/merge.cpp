#include "runner/pipeline/merge.hpp"

namespace runner::pipeline {

using yaml::Map;
using yaml::Value;

Value deep_merge(const Value& base, const Value& over) {
    if (!base.is_map() || !over.is_map()) return over;
    if (over.entries().empty()) return base;
    if (base.entries().empty()) return over;
    Map merged = base.entries();
    for (const auto& [key, value] : over.entries()) {
        const Value* below = key.is_string() ? merged.find(key.as_string()) : nullptr;
        merged.set(key, below != nullptr ? deep_merge(*below, value) : value);
    }
    return Value::map(std::move(merged), over.mark());
}

}  // namespace runner::pipeline
