#include "runner/pipeline/yaml/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace runner::pipeline::yaml {
namespace {

constexpr std::size_t kIndexFrom = 16;
constexpr std::size_t kBytesPerNode = 64;  // a long text weighs as much as so many nodes

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    return a > std::numeric_limits<std::uint64_t>::max() - b
               ? std::numeric_limits<std::uint64_t>::max()
               : a + b;
}

void account(Node& node, const Value& child) {
    node.weight = saturating_add(node.weight, child.weight());
    node.depth = std::max(node.depth, child.depth() + 1);
}

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

/// Equal values have equal hashes; maps are told apart by their size only.
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

void intrusive_ptr_add_ref(const Node* node) noexcept { ++node->references; }

void intrusive_ptr_release(const Node* node) noexcept {
    if (--node->references == 0) delete node;
}

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

Value::Value(Node* node) : node_(node) {}

Value Value::null(Mark mark) { return Value(new Node(Kind::kNull, mark)); }

Value Value::boolean(bool value, Mark mark) {
    auto* node = new Node(Kind::kBool, mark);
    node->data = value;
    return Value(node);
}

Value Value::integer(std::int64_t value, Mark mark) {
    auto* node = new Node(Kind::kInteger, mark);
    node->data = value;
    return Value(node);
}

Value Value::real(double value, Mark mark) {
    auto* node = new Node(Kind::kFloat, mark);
    node->data = value;
    return Value(node);
}

Value Value::string(std::string text, Mark mark) {
    auto* node = new Node(Kind::kString, mark);
    node->weight += text.size() / kBytesPerNode;
    node->data = std::move(text);
    return Value(node);
}

Value Value::symbol(std::string text, Mark mark) {
    auto* node = new Node(Kind::kSymbol, mark);
    node->data = std::move(text);
    return Value(node);
}

Value Value::reference(Value target, Mark mark) {
    auto* node = new Node(Kind::kReference, mark);
    account(*node, target);
    node->data = std::move(target);
    return Value(node);
}

Value Value::list(List items, Mark mark) {
    auto* node = new Node(Kind::kList, mark);
    for (const Value& item : items) account(*node, item);
    node->data = std::move(items);
    return Value(node);
}

Value Value::map(Map entries, Mark mark) {
    auto* node = new Node(Kind::kMap, mark);
    for (const auto& [key, value] : entries) {
        account(*node, key);
        account(*node, value);
    }
    node->data = std::make_unique<Map>(std::move(entries));
    return Value(node);
}

bool Value::is_blank() const {
    switch (kind()) {
        case Kind::kNull: return true;
        case Kind::kBool: return !as_bool();
        case Kind::kString:
        case Kind::kSymbol:
            return as_string().find_first_not_of(" \t\r\n\v\f") == std::string::npos;
        case Kind::kList: return items().empty();
        case Kind::kMap: return entries().empty();
        default: return false;
    }
}

bool Value::is_true() const { return is_bool() && as_bool(); }

bool Value::is_text(std::string_view text) const { return is_string() && as_string() == text; }

bool Value::as_bool() const { return std::get<bool>(node_->data); }
std::int64_t Value::as_integer() const { return std::get<std::int64_t>(node_->data); }
double Value::as_float() const { return std::get<double>(node_->data); }
const std::string& Value::as_string() const { return std::get<std::string>(node_->data); }
const List& Value::items() const { return std::get<List>(node_->data); }
const Map& Value::entries() const { return *std::get<std::unique_ptr<Map>>(node_->data); }
const Value& Value::target() const { return std::get<Value>(node_->data); }

const Value* Value::find(std::string_view key) const {
    return is_map() ? entries().find(key) : nullptr;
}

const Value* Value::given(std::string_view key) const {
    const Value* value = find(key);
    return value != nullptr && !value->is_null() ? value : nullptr;
}

std::uint64_t Value::weight() const { return node_ ? node_->weight : 1; }
std::uint32_t Value::depth() const { return node_ ? node_->depth : 1; }

namespace {

std::string float_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
    const double size = std::fabs(value);
    if (size >= 1e-4 && size < 1e16) {
        std::string text = fmt::format("{}", value);
        if (text.find('e') != std::string::npos) text = fmt::format("{:f}", value);
        if (text.find('.') == std::string::npos) text += ".0";
        return text;
    }
    std::string text = fmt::format("{}", value);  // 1e+20: Ruby writes 1.0e+20
    const auto exponent = text.find('e');
    if (exponent != std::string::npos && text.find('.') == std::string::npos) {
        text.insert(exponent, ".0");
    }
    return text;
}

bool same_entries(const Map& a, const Map& b) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a) {
        const auto found = std::find_if(b.begin(), b.end(),
                                        [&k = key](const Map::Entry& e) { return e.first == k; });
        if (found == b.end() || !(found->second == value)) return false;
    }
    return true;
}

}  // namespace

std::string Value::to_text() const {
    switch (kind()) {
        case Kind::kBool: return as_bool() ? "true" : "false";
        case Kind::kInteger: return std::to_string(as_integer());
        case Kind::kFloat: return float_text(as_float());
        case Kind::kString:
        case Kind::kSymbol: return as_string();
        default: return {};
    }
}

bool operator==(const Value& a, const Value& b) {
    if (a.node_ == b.node_) return true;
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case Kind::kNull: return true;
        case Kind::kBool: return a.as_bool() == b.as_bool();
        case Kind::kInteger: return a.as_integer() == b.as_integer();
        case Kind::kFloat: return a.as_float() == b.as_float();
        case Kind::kString:
        case Kind::kSymbol: return a.as_string() == b.as_string();
        case Kind::kReference: return a.target() == b.target();
        case Kind::kList: return a.items() == b.items();
        case Kind::kMap: return same_entries(a.entries(), b.entries());
    }
    return false;
}

List flattened(const Value& list) {
    List flat;
    for (const Value& item : list.items()) {
        if (!item.is_list()) {
            flat.push_back(item);
            continue;
        }
        const List inner = flattened(item);
        flat.insert(flat.end(), inner.begin(), inner.end());
    }
    return flat;
}

}  // namespace runner::pipeline::yaml
