#include "runner/pipeline/yaml/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace runner::pipeline::yaml {
namespace {

constexpr std::size_t kBytesPerNode = 64;  // see Value::weight()

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    return a > std::numeric_limits<std::uint64_t>::max() - b
               ? std::numeric_limits<std::uint64_t>::max()
               : a + b;
}

/// Adds the weight and the depth of a child.
void account(Node& node, const Value& child) {
    node.weight = saturating_add(node.weight, child.weight());
    node.depth = std::max(node.depth, child.depth() + 1);
}

}  // namespace

void intrusive_ptr_add_ref(const Node* node) noexcept { ++node->references; }

void intrusive_ptr_release(const Node* node) noexcept {
    if (--node->references == 0) delete node;
}

Value::Value(Node* node) : node_(node) {}

Value Value::null(Mark mark) { return Value(new Node(Kind::kNull, mark)); }

template <typename Data>
Value Value::scalar(Kind kind, Data data, Mark mark) {
    auto* node = new Node(kind, mark);
    node->data = std::move(data);
    return Value(node);
}

Value Value::boolean(bool value, Mark mark) { return scalar(Kind::kBool, value, mark); }

Value Value::integer(std::int64_t value, Mark mark) { return scalar(Kind::kInteger, value, mark); }

Value Value::real(double value, Mark mark) { return scalar(Kind::kFloat, value, mark); }

Value Value::string(std::string text, Mark mark) {
    auto* node = new Node(Kind::kString, mark);
    node->weight += text.size() / kBytesPerNode;
    node->data = std::move(text);
    return Value(node);
}

Value Value::symbol(std::string text, Mark mark) {
    return scalar(Kind::kSymbol, std::move(text), mark);
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
    std::string text = fmt::format("{}", value);  // Ruby writes 1.0e+20, fmt writes 1e+20
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
