// Values from the command line and the environment as TOML values.
#include <fmt/format.h>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/config/value.hpp"

namespace runner::config {

namespace {

base::Result<bool> boolean_of(std::string_view text) {
    const auto value = base::parse_bool(text);
    if (!value) return base::invalid_input(fmt::format("expected true or false, got \"{}\"", text));
    return *value;
}

template <typename T>
base::Result<T> number_of(std::string_view text, std::string_view expected) {
    const auto number = base::parse_number<T>(text);
    if (!number) return base::invalid_input(fmt::format("expected {}, got \"{}\"", expected, text));
    return *number;
}

base::Result<Node> one(const Key& key, const std::string& text) {
    switch (key.type) {
        case Type::kInt:
        case Type::kInt64: {
            const auto number = number_of<std::int64_t>(text, "an integer");
            if (!number) return number.error();
            return Node::of_integer(*number);
        }
        case Type::kFloat: {
            const auto number = number_of<double>(text, "a number");
            if (!number) return number.error();
            return Node::of_number(*number);
        }
        case Type::kBool: {
            auto value = boolean_of(text);
            if (!value) return value.error();
            return Node::of_boolean(*value);
        }
        default: return Node::string(text);
    }
}

/// "KEY:VALUE", and for arrays in tables "KEY:a,b".
base::Result<Node> table_of(const Key& key, const std::vector<std::string>& texts) {
    Node table = Node::table();
    for (const auto& text : texts) {
        // kStringsMap has an image as name and device paths as value. Only the image may have
        // colons of its own, so the last one separates them.
        const auto colon = key.type == Type::kStringsMap ? text.rfind(':') : text.find(':');
        if (colon == std::string::npos || colon == 0) {
            return base::invalid_input(fmt::format("expected NAME:VALUE, got \"{}\"", text));
        }
        const std::string value = text.substr(colon + 1);
        Node node = Node::string(value);
        if (key.type == Type::kStringsMap) node = Node::strings(base::split(value, ','));
        if (key.type == Type::kBoolMap) {
            auto flag = boolean_of(value);
            if (!flag) return flag.error();
            node = Node::of_boolean(*flag);
        }
        table.set(text.substr(0, colon), std::move(node));
    }
    return table;
}

}  // namespace

base::Result<Node> node_from_text(const Key& key, const std::vector<std::string>& texts) {
    if (texts.empty()) return base::invalid_input("no value is given");
    Node node;
    switch (key.type) {
        case Type::kStrings: node = Node::strings(texts); break;
        case Type::kStringOrStrings:
            node = texts.size() == 1 ? Node::string(texts.front()) : Node::strings(texts);
            break;
        case Type::kStringMap:
        case Type::kBoolMap:
        case Type::kStringsMap: {
            auto table = table_of(key, texts);
            if (!table) return table.error();
            node = std::move(*table);
            break;
        }
        default: {
            auto single = one(key, texts.back());
            if (!single) return single.error();
            node = std::move(*single);
        }
    }
    // The same rules as in the file: choices, ranges, units.
    if (auto value = read_value(key, node); !value) return value.error();
    return node;
}

}  // namespace runner::config
