#include "runner/pipeline/keywords/value_checks.hpp"

#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/expression/regex.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

bool one_of(std::string_view text, Names names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

bool all_one_of(const Value& value, Names names) {
    if (value.is_string()) return one_of(value.as_string(), names);
    return value.is_list() &&
           std::all_of(value.items().begin(), value.items().end(), [names](const Value& item) {
               return item.is_string() && one_of(item.as_string(), names);
           });
}

bool is_text_or_symbol(const Value& value) {
    return value.is_string() || value.kind() == yaml::Kind::kSymbol;
}

bool is_text_list(const Value& value) {
    return value.is_list() &&
           std::all_of(value.items().begin(), value.items().end(), is_text_or_symbol);
}

bool is_text_or_list(const Value& value) { return is_text_or_symbol(value) || is_text_list(value); }

bool is_nested_text(const Value& value, int levels) {
    if (is_text_or_symbol(value)) return true;
    if (!value.is_list() || levels <= 0) return false;
    return std::all_of(value.items().begin(), value.items().end(),
                       [levels](const Value& v) { return is_nested_text(v, levels - 1); });
}

Mark mark_of_bad_text(const Value& value, int levels) {
    if (!value.is_list() || levels <= 0) return value.mark();
    const auto bad =
        std::find_if(value.items().begin(), value.items().end(),
                     [levels](const Value& v) { return !is_nested_text(v, levels - 1); });
    return bad == value.items().end() ? value.mark() : mark_of_bad_text(*bad, levels - 1);
}

bool is_map_list(const Value& value) {
    return value.is_list() && std::all_of(value.items().begin(), value.items().end(),
                                          [](const Value& v) { return v.is_map(); });
}

bool is_nested_maps(const Value& value, int levels) {
    if (!value.is_list()) return false;
    return std::all_of(value.items().begin(), value.items().end(), [levels](const Value& v) {
        return v.is_map() || (levels > 1 && is_nested_maps(v, levels - 1));
    });
}

bool is_integer_or_list(const Value& value) {
    if (value.is_integer()) return true;
    return value.is_list() && std::all_of(value.items().begin(), value.items().end(),
                                          [](const Value& v) { return v.is_integer(); });
}

std::size_t length_of(const Value& value) {
    if (value.is_list()) return value.items().size();
    if (value.is_map()) return value.entries().size();
    return value.to_text().size();
}

bool is_duration(const Value& value) {
    return value.is_string() && parse_duration(value.as_string()).has_value();
}

bool is_literal_regex(std::string_view text) {
    return expression::Regex::from_literal(text).has_value();
}

bool is_valid_expression(const Value& value) {
    return value.is_string() && expression::Expression::parse(value.as_string()).has_value();
}

std::string path_name(const Value& key) {
    return key.is_list() ? yaml::joined(key.items(), ":") : yaml::key_text(key);
}

bool is_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return false;
    while (text.ends_with('=')) text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    });
}

void check_keys(const Value& map, Names allowed, const KeyPath& key_path, Report& report,
                Names more) {
    if (!map.is_map()) return;
    std::vector<std::string> unknown;
    Mark mark = map.mark();
    for (const auto& [key, value] : map.entries()) {
        const bool known =
            key.is_string() && (one_of(key.as_string(), allowed) || one_of(key.as_string(), more));
        if (known) continue;
        if (unknown.empty()) mark = key.mark();
        unknown.push_back(yaml::key_text(key));
    }
    if (unknown.empty()) return;
    report.add(key_path, "config contains unknown keys: " + base::join(unknown, ", "), mark);
}

void check_required(const Value& map, Names required, const KeyPath& key_path, Report& report) {
    std::vector<std::string> missing;
    for (const auto name : required) {
        if (map.find(name) == nullptr) missing.emplace_back(name);
    }
    if (missing.empty()) return;
    report.add(key_path, "config missing required keys: " + base::join(missing, ", "), map.mark());
}

void check_exclusive(const Value& map, Names keys, const KeyPath& key_path, Report& report) {
    std::vector<std::string> present;
    for (const auto& [key, value] : map.entries()) {
        if (key.is_string() && one_of(key.as_string(), keys)) present.push_back(key.as_string());
    }
    if (present.size() < 2) return;
    report.add(key_path, "config these keys cannot be used together: " + base::join(present, ", "),
               map.entries().find_key(present.back())->mark());
}

std::string attribute_name(std::string_view key) {
    std::string name(key);
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

void check_string_attribute(const Value& map, std::string_view key, const KeyPath& key_path,
                            Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr || value->is_string()) return;
    report.add(key_path, attribute_name(key) + " should be a string", value->mark());
}

void check_required_string_attribute(const Value& map, std::string_view key,
                                     const KeyPath& key_path, Report& report) {
    const Value* value = map.find(key);
    if (value == nullptr || !value->is_string()) {
        report.add(key_path, attribute_name(key) + " should be a string", map.mark());
    }
    if (value == nullptr || value->is_blank()) {
        report.add(key_path, attribute_name(key) + " can't be blank", map.mark());
    }
}

void check_boolean_attribute(const Value& map, std::string_view key, const KeyPath& key_path,
                             Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr || value->is_bool()) return;
    report.add(key_path, attribute_name(key) + " should be a boolean value", value->mark());
}

void check_hash_attribute(const Value& map, std::string_view key, const KeyPath& key_path,
                          Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr || value->is_map()) return;
    report.add(key_path, attribute_name(key) + " should be a hash", value->mark());
}

void check_string_list_attribute(const Value& map, std::string_view key, const KeyPath& key_path,
                                 Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr || is_text_list(*value)) return;
    report.add(key_path, attribute_name(key) + " should be an array of strings", value->mark());
}

void check_choice_attribute(const Value& map, std::string_view key, Names choices,
                            const KeyPath& key_path, Report& report, std::string_view verb) {
    const Value* value = map.given(key);
    if (value == nullptr) return;
    check_string_attribute(map, key, key_path, report);
    if (all_one_of(*value, choices)) return;
    const std::vector<std::string> names(choices.begin(), choices.end());
    std::string message = attribute_name(key);
    message.append(" ").append(verb).append(" be one of: ").append(base::join(names, ", "));
    report.add(key_path, message, value->mark());
}

void check_duration(const Value* value, std::chrono::seconds limit, std::string_view subject,
                    Mark mark, const KeyPath& key_path, Report& report) {
    const auto duration =
        value != nullptr && value->is_string() ? parse_duration(value->as_string()) : std::nullopt;
    const std::string attribute(subject);
    if (!duration) report.add(key_path, attribute + " should be a duration", mark);
    if (!duration || *duration > limit) {
        report.add(key_path, attribute + " should not exceed the limit", mark);
    }
}

void check_known_items(const Value& list, Names names, std::string_view subject,
                       const KeyPath& key_path, Report& report) {
    yaml::List unknown;
    for (const Value& item : list.items()) {
        if (!item.is_string() || !one_of(item.as_string(), names)) unknown.push_back(item);
    }
    if (unknown.empty()) return;
    report.add(key_path,
               std::string(subject) + " contains unknown values: " + yaml::joined(unknown),
               unknown.front().mark());
}

void report_not_a_hash_twice(const Value& value, const KeyPath& key_path, Report& report) {
    report.add(key_path, "config should be a hash", value.mark());
    report.add(key_path, "config should be a hash", value.mark());
}

}  // namespace runner::pipeline::keywords
