#include "base/json.hpp"
#include "runner/moa/value.hpp"

namespace runner::moa {

namespace {

/// Payloads of the server have less (payload.cpp); the limit keeps the stack.
constexpr int kMaxDepth = 200;

std::optional<Value> convert(const nlohmann::json& json, int depth);

std::optional<Value> convert_array(const nlohmann::json& json, int depth) {
    Value::Array items;
    items.reserve(json.size());
    for (const auto& element : json) {
        auto item = convert(element, depth);
        if (!item) return std::nullopt;
        items.push_back(std::move(*item));
    }
    return Value(std::move(items));
}

std::optional<Value> convert_object(const nlohmann::json& json, int depth) {
    Value::Object members;
    for (const auto& [name, element] : json.items()) {
        auto member = convert(element, depth);
        if (!member) return std::nullopt;
        members.emplace(name, std::move(*member));
    }
    return Value(std::move(members));
}

std::optional<Value> convert(const nlohmann::json& json, int depth) {
    if (depth > kMaxDepth) return std::nullopt;
    if (json.is_array()) return convert_array(json, depth + 1);
    if (json.is_object()) return convert_object(json, depth + 1);
    if (json.is_string()) return Value(json.get<std::string>());
    if (json.is_boolean()) return Value(json.get<bool>());
    if (json.is_number()) return Value(json.get<double>());
    return Value();
}

}  // namespace

std::optional<Value> value_of_json(std::string_view json) {
    const auto tree = nlohmann::json::parse(json.data(), json.data() + json.size(), nullptr, false);
    if (tree.is_discarded()) return std::nullopt;
    return convert(tree, 0);
}

}  // namespace runner::moa
