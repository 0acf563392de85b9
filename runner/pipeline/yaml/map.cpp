#include <functional>
#include <utility>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::yaml {
namespace {

constexpr std::size_t kIndexFrom = 16;  // shorter maps are searched without an index

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

/// Equal values have equal hashes. All maps of one size have the same hash.
std::size_t hash_of(const Value& value) {
    switch (value.kind()) {
        case Kind::kString: return hash_of(std::string_view(value.as_string()));
        case Kind::kReference: return hash_of(value.target());
        case Kind::kMap: return value.entries().size();
        case Kind::kList: {
            std::size_t hash = value.items().size();
            for (const Value& item : value.items()) hash = hash * 31 + hash_of(item);
            return hash;
        }
        default: return hash_of(value.to_text());
    }
}

}  // namespace

std::size_t Map::size() const { return entries_.size(); }
bool Map::empty() const { return entries_.empty(); }
void Map::reserve(std::size_t count) { entries_.reserve(count); }
std::vector<Map::Entry>::const_iterator Map::begin() const { return entries_.begin(); }
std::vector<Map::Entry>::const_iterator Map::end() const { return entries_.end(); }
const Map::Entry& Map::entry(std::size_t index) const { return entries_[index]; }

template <typename IsKey>
std::ptrdiff_t Map::index_of(std::size_t hash, IsKey is_key) const {
    if (!index_.empty()) {
        const auto [first, last] = index_.equal_range(hash);
        for (auto at = first; at != last; ++at) {
            if (is_key(entries_[at->second].first)) return static_cast<std::ptrdiff_t>(at->second);
        }
        return -1;
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (is_key(entries_[i].first)) return static_cast<std::ptrdiff_t>(i);
    }
    return -1;
}

std::ptrdiff_t Map::index_of(std::string_view key) const {
    return index_of(index_.empty() ? 0 : hash_of(key),
                    [&](const Value& k) { return k.is_text(key); });
}

std::ptrdiff_t Map::index_of(const Value& key) const {
    return index_of(index_.empty() ? 0 : hash_of(key), [&](const Value& k) { return k == key; });
}

const Value* Map::find(std::string_view key) const {
    const auto index = index_of(key);
    return index < 0 ? nullptr : &entries_[static_cast<std::size_t>(index)].second;
}

const Value* Map::find_key(std::string_view key) const {
    const auto index = index_of(key);
    return index < 0 ? nullptr : &entries_[static_cast<std::size_t>(index)].first;
}

void Map::set(Value key, Value value) {
    const auto index = index_of(key);
    if (index >= 0) {
        entries_[static_cast<std::size_t>(index)].second = std::move(value);
        return;
    }
    entries_.emplace_back(std::move(key), std::move(value));
    const auto add = [this](std::size_t i) { index_.emplace(hash_of(entries_[i].first), i); };
    if (entries_.size() == kIndexFrom) {
        for (std::size_t i = 0; i < entries_.size(); ++i) add(i);
    } else if (entries_.size() > kIndexFrom) {
        add(entries_.size() - 1);
    }
}

void Map::erase(std::string_view key) {
    const auto index = index_of(key);
    if (index < 0) return;
    Map rest;
    rest.reserve(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (static_cast<std::ptrdiff_t>(i) == index) continue;
        rest.set(std::move(entries_[i].first), std::move(entries_[i].second));
    }
    *this = std::move(rest);
}

}  // namespace runner::pipeline::yaml
