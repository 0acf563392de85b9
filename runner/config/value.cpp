#include "runner/config/value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/duration.hpp"
#include "base/names.hpp"
#include "base/strings.hpp"

namespace runner::config {

namespace {

/// "expected …, got …". A string is not repeated: it may be a token.
base::Error mismatch(Type type, const Node& node) {
    std::string got(describe(node.kind));
    if (node.kind == Node::Kind::kInteger) got += fmt::format(" ({})", node.integer);
    if (node.kind == Node::Kind::kBoolean) got += node.boolean ? " (true)" : " (false)";
    return base::invalid_input(fmt::format("expected {}, got {}", expectation(type), got));
}

base::Result<void> check_choice(const Key& key, const std::string& text) {
    if (key.choices.empty() || text.empty()) return {};
    const auto choices = base::split(key.choices, '|');
    for (const auto& choice : choices) {
        if (choice == text) return {};
    }
    const std::string near = base::nearest(text, choices);
    return base::invalid_input(
        fmt::format("\"{}\" is not one of {}{}", text, base::join(choices, ", "),
                    near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

base::Result<std::vector<std::string>> strings_of(const Key& key, const Node& node) {
    if (node.kind != Node::Kind::kArray) return mismatch(key.type, node);
    std::vector<std::string> texts;
    for (const auto& item : node.items) {
        if (item.kind != Node::Kind::kString) {
            return base::invalid_input(fmt::format("expected {}, but element {} is {}",
                                                   expectation(key.type), texts.size() + 1,
                                                   describe(item.kind)));
        }
        if (auto ok = check_choice(key, item.text); !ok) return ok.error();
        texts.push_back(item.text);
    }
    return texts;
}

base::Result<Value> integer_of(const Key& key, const Node& node) {
    if (node.kind != Node::Kind::kInteger) return mismatch(key.type, node);
    if (key.type == Type::kInt && (node.integer > std::numeric_limits<int>::max() ||
                                   node.integer < std::numeric_limits<int>::min())) {
        return base::invalid_input(fmt::format("{} is too large a number", node.integer));
    }
    return Value(node.integer);
}

base::Result<Value> duration_of(const Key& key, const Node& node) {
    if (node.kind == Node::Kind::kInteger) return Value(std::chrono::nanoseconds(node.integer));
    if (node.kind != Node::Kind::kString) return mismatch(key.type, node);
    auto parsed = base::parse_go_duration(node.text);
    if (!parsed)
        return base::invalid_input(
            fmt::format("expected {}, got \"{}\"", expectation(key.type), node.text));
    return Value(*parsed);
}

template <typename T, typename Read>
base::Result<Value> map_of(const Key& key, const Node& node, Read read) {
    if (node.kind != Node::Kind::kTable) return mismatch(key.type, node);
    std::map<std::string, T> values;
    for (const auto& entry : node.entries) {
        auto value = read(entry.value);
        if (!value) {
            return base::invalid_input(fmt::format("expected {}, but \"{}\" is {}",
                                                   expectation(key.type), entry.key,
                                                   describe(entry.value.kind)));
        }
        values.emplace(entry.key, std::move(*value));
    }
    return Value(std::move(values));
}

std::optional<std::string> text_in(const Node& node) {
    if (node.kind != Node::Kind::kString) return std::nullopt;
    return node.text;
}

std::optional<bool> boolean_in(const Node& node) {
    if (node.kind != Node::Kind::kBoolean) return std::nullopt;
    return node.boolean;
}

base::Result<Value> string_of(const Key& key, const Node& node) {
    if (node.kind != Node::Kind::kString) return mismatch(key.type, node);
    if (auto ok = check_choice(key, node.text); !ok) return ok.error();
    return Value(node.text);
}

base::Result<Value> amount_of(const Key& key, const Node& node) {
    if (node.kind != Node::Kind::kString) return mismatch(key.type, node);
    auto amount = key.type == Type::kMemory ? parse_memory(node.text) : parse_cpus(node.text);
    if (!amount) return amount.error();
    return Value(*amount);
}

base::Result<Value> auto_or_count(const Key& key, const Node& node) {
    constexpr std::int64_t kMost = 1000;
    if (node.kind == Node::Kind::kString && node.text == "auto") return Value(std::int64_t{-1});
    if (node.kind != Node::Kind::kInteger) return mismatch(key.type, node);
    if (node.integer < 0 || node.integer > kMost) {
        return base::invalid_input(fmt::format("expected {} from 0 to {}, got {}",
                                               expectation(key.type), kMost, node.integer));
    }
    return Value(node.integer);
}

base::Result<Value> strings_value(const Key& key, const Node& node) {
    auto texts = strings_of(key, node);
    if (!texts) return texts.error();
    return Value(std::move(*texts));
}

base::Result<Value> string_or_strings(const Key& key, const Node& node) {
    if (node.kind != Node::Kind::kString) return strings_value(key, node);
    if (auto ok = check_choice(key, node.text); !ok) return ok.error();
    return Value(std::vector<std::string>{node.text});
}

base::Result<Value> strings_map(const Key& key, const Node& node) {
    return map_of<std::vector<std::string>>(
        key, node, [&key](const Node& item) -> std::optional<std::vector<std::string>> {
            auto texts = strings_of(key, item);
            if (!texts) return std::nullopt;
            return std::move(*texts);
        });
}

bool is_name_start(char c) { return base::is_name_character(c) && (c < '0' || c > '9'); }

}  // namespace

base::Result<Value> read_value(const Key& key, const Node& node) {
    switch (key.type) {
        case Type::kString: return string_of(key, node);
        case Type::kInt:
        case Type::kInt64: return integer_of(key, node);
        case Type::kFloat:
            if (node.kind == Node::Kind::kInteger) return Value(static_cast<double>(node.integer));
            if (node.kind != Node::Kind::kFloat) return mismatch(key.type, node);
            return Value(node.number);
        case Type::kBool:
            if (node.kind != Node::Kind::kBoolean) return mismatch(key.type, node);
            return Value(node.boolean);
        case Type::kDuration: return duration_of(key, node);
        case Type::kDatetime:
            if (node.kind != Node::Kind::kDatetime) return mismatch(key.type, node);
            return Value(node.text);
        case Type::kMemory:
        case Type::kCpus: return amount_of(key, node);
        case Type::kAutoOrCount: return auto_or_count(key, node);
        case Type::kStrings: return strings_value(key, node);
        case Type::kStringOrStrings: return string_or_strings(key, node);
        case Type::kStringMap: return map_of<std::string>(key, node, text_in);
        case Type::kBoolMap: return map_of<bool>(key, node, boolean_in);
        case Type::kStringsMap: return strings_map(key, node);
        case Type::kAny: return Value(std::string());
    }
    return mismatch(key.type, node);
}

bool is_default(const Key& key, const Node& node) {
    switch (node.kind) {
        case Node::Kind::kString:
        case Node::Kind::kDatetime: return node.text.empty() || node.text == key.fallback;
        case Node::Kind::kInteger:
            return node.integer == 0 || std::to_string(node.integer) == key.fallback;
        case Node::Kind::kFloat: return node.number == 0;
        case Node::Kind::kBoolean: return !node.boolean || key.fallback == "true";
        case Node::Kind::kArray: return node.items.empty();
        case Node::Kind::kTable: return node.entries.empty();
    }
    return false;
}

base::Result<std::int64_t> parse_memory(std::string_view text) {
    const std::string lower = base::to_lower(base::trim(text));
    const auto bad = [&] {
        return base::invalid_input(
            fmt::format("expected {}, got \"{}\"", expectation(Type::kMemory), text));
    };
    if (lower.empty()) return 0;
    if (lower == "-1") return -1;
    double number = 0;
    const char* const end = lower.data() + lower.size();
    const auto read = std::from_chars(lower.data(), end, number, std::chars_format::fixed);
    // from_chars() reads "nan" and "inf", too.
    if (read.ec != std::errc() || !(number >= 0)) return bad();
    std::string_view unit =
        base::trim(std::string_view(read.ptr, static_cast<std::size_t>(end - read.ptr)));
    double factor = 1;
    constexpr std::string_view kUnits = "bkmgtp";
    if (!unit.empty()) {
        const auto power = kUnits.find(unit.front());
        if (power == std::string_view::npos) return bad();
        factor = std::pow(1024.0, static_cast<double>(power));
        unit.remove_prefix(1);
        if (power > 0 && (unit == "b" || unit == "ib")) unit = "";
        if (!unit.empty()) return bad();
    }
    if (number * factor >= 9.2e18) return bad();
    return static_cast<std::int64_t>(number * factor);
}

base::Result<std::int64_t> parse_cpus(std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    if (trimmed.empty()) return 0;
    double number = 0;
    const char* const end = trimmed.data() + trimmed.size();
    const auto read = std::from_chars(trimmed.data(), end, number, std::chars_format::fixed);
    if (read.ec != std::errc() || read.ptr != end || !(number >= 0 && number <= 1e6)) {
        return base::invalid_input(
            fmt::format("expected {}, got \"{}\"", expectation(Type::kCpus), text));
    }
    return static_cast<std::int64_t>(std::llround(number * 1e9));
}

std::string expand_environment(std::string_view text, std::vector<std::string>& missing) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool braces = text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{';
        const std::size_t from = i + (braces ? 2 : 1);
        if (text[i] != '$' || from >= text.size() || !is_name_start(text[from])) {
            out += text[i];
            continue;
        }
        std::size_t to = from;
        while (to < text.size() && base::is_name_character(text[to])) ++to;
        if (braces && (to == text.size() || text[to] != '}')) {
            out += text[i];
            continue;
        }
        const std::string name(text.substr(from, to - from));
        if (const char* value = std::getenv(name.c_str()); value != nullptr)
            out += value;
        else
            missing.push_back(name);
        i = braces ? to : to - 1;
    }
    return out;
}

}  // namespace runner::config
