#include "runner/pipeline/merge/key_order.hpp"

#include <algorithm>

namespace runner::pipeline::merge {

using yaml::Kind;
using yaml::List;
using yaml::Map;
using yaml::Value;

namespace {

bool is_text_key(const Value& key) { return key.is_string() || key.kind() == Kind::kSymbol; }

Value ordered_list(const Value& list) {
    List items;
    bool changed = false;
    for (const Value& item : list.items()) {
        items.push_back(with_text_keys_first(item));
        changed = changed || !items.back().same_as(item);
    }
    return changed ? Value::list(std::move(items), list.mark()) : list;
}

Value ordered_map(const Value& map) {
    std::vector<Map::Entry> entries;
    bool changed = false;
    for (const auto& [key, value] : map.entries()) {
        entries.emplace_back(key, with_text_keys_first(value));
        changed = changed || !is_text_key(key) || !entries.back().second.same_as(value);
    }
    if (!changed) return map;
    std::stable_partition(entries.begin(), entries.end(),
                          [](const Map::Entry& entry) { return is_text_key(entry.first); });
    Map ordered;
    ordered.reserve(entries.size());
    for (auto& [key, value] : entries) ordered.set(std::move(key), std::move(value));
    return Value::map(std::move(ordered), map.mark());
}

}  // namespace

Value with_text_keys_first(const Value& value) {
    if (value.is_list()) return ordered_list(value);
    return value.is_map() ? ordered_map(value) : value;
}

}  // namespace runner::pipeline::merge
