#include "runner/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/names.hpp"
#include "base/strings.hpp"

namespace runner::config {

namespace {

Node of_kind(Node::Kind kind) {
    Node node;
    node.kind = kind;
    return node;
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
                } else {
                    out += c;
                }
        }
    }
    return out + "\"";
}

std::string float_text(double number) {
    if (std::isnan(number)) return "nan";
    if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
    std::string text = fmt::format("{}", number);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

bool is_bare(std::string_view key) {
    constexpr base::NameRule kBareKey{.also = "-"};
    return base::is_name(key, kBareKey);
}

}  // namespace

Node Node::string(std::string value) {
    Node node = of_kind(Kind::kString);
    node.text = std::move(value);
    return node;
}

Node Node::of_integer(std::int64_t value) {
    Node node = of_kind(Kind::kInteger);
    node.integer = value;
    return node;
}

Node Node::of_number(double value) {
    Node node = of_kind(Kind::kFloat);
    node.number = value;
    return node;
}

Node Node::of_boolean(bool value) {
    Node node = of_kind(Kind::kBoolean);
    node.boolean = value;
    return node;
}

Node Node::datetime(std::string value) {
    Node node = of_kind(Kind::kDatetime);
    node.text = std::move(value);
    return node;
}

Node Node::array(std::vector<Node> values) {
    Node node = of_kind(Kind::kArray);
    node.items = std::move(values);
    return node;
}

Node Node::strings(const std::vector<std::string>& values) {
    Node node = of_kind(Kind::kArray);
    for (const auto& value : values) node.items.push_back(string(value));
    return node;
}

const Node* Node::find(std::string_view key) const {
    for (const auto& entry : entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

Node* Node::find(std::string_view key) {
    for (auto& entry : entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

const Node* Node::at(std::string_view dotted_path) const {
    const Node* node = this;
    for (const auto& part : base::split(dotted_path, '.')) {
        node = node->find(part);
        if (node == nullptr) return nullptr;
    }
    return node;
}

void Node::set(std::string key, Node value) {
    if (Node* present = find(key); present != nullptr) {
        *present = std::move(value);
        return;
    }
    entries.push_back({std::move(key), {}, std::move(value)});
}

void Node::set_at(std::string_view dotted_path, Node value) {
    const auto parts = base::split(dotted_path, '.');
    Node* node = this;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        Node* child = node->find(parts[i]);
        if (child == nullptr || !child->is_table()) {
            node->set(parts[i], table());
            child = node->find(parts[i]);
        }
        node = child;
    }
    node->set(parts.back(), std::move(value));
}

std::vector<const Node*> tables_named(const Node& parent, std::string_view name) {
    std::vector<const Node*> tables;
    for (const auto& entry : parent.entries) {
        if (!base::iequals(entry.key, name)) continue;
        for (const Node& item : entry.value.items) tables.push_back(&item);
    }
    return tables;
}

std::string_view describe(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::kString: return "a string";
        case Node::Kind::kInteger: return "an integer";
        case Node::Kind::kFloat: return "a number with a fraction";
        case Node::Kind::kBoolean: return "a boolean";
        case Node::Kind::kDatetime: return "a date";
        case Node::Kind::kArray: return "an array";
        case Node::Kind::kTable: return "a table";
    }
    return "a value";
}

std::string key_to_toml(std::string_view key) {
    return is_bare(key) ? std::string(key) : toml_string(key);
}

std::string to_toml(const Node& value) {
    switch (value.kind) {
        case Node::Kind::kString: return toml_string(value.text);
        case Node::Kind::kInteger: return std::to_string(value.integer);
        case Node::Kind::kFloat: return float_text(value.number);
        case Node::Kind::kBoolean: return value.boolean ? "true" : "false";
        case Node::Kind::kDatetime: return value.text;
        case Node::Kind::kArray: {
            std::vector<std::string> parts;
            std::transform(value.items.begin(), value.items.end(), std::back_inserter(parts),
                           to_toml);
            return "[" + base::join(parts, ", ") + "]";
        }
        case Node::Kind::kTable: {
            std::vector<std::string> parts;
            for (const auto& entry : value.entries) {
                parts.push_back(key_to_toml(entry.key) + " = " + to_toml(entry.value));
            }
            return parts.empty() ? "{}" : "{ " + base::join(parts, ", ") + " }";
        }
    }
    return "\"\"";
}

}  // namespace runner::config
