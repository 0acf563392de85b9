#include "runner/pipeline/keywords/report.hpp"

#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/expression/regex.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

std::string Place::text() const {
    std::string above = parent == nullptr ? std::string{} : parent->text();
    if (!above.empty() && !name.empty()) above += ':';
    return above.append(name);
}

void Report::add(const Place& place, std::string_view message, Mark mark) {
    std::string text = place.text();
    if (!text.empty()) text += ' ';
    problems_.push_back({base::to_lower(text.append(message)), mark});
}

void Report::warn(const Place& place, std::string_view message, Mark mark) {
    warnings_.push_back({place.text().append(" ").append(message), mark});
}

void Report::append(const Problems& more) {
    problems_.insert(problems_.end(), more.begin(), more.end());
}

bool one_of(std::string_view text, Names names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

void check_keys(const Value& map, Names allowed, const Place& place, Report& report, Names more) {
    if (!map.is_map()) return;
    std::vector<std::string> unknown;
    Mark mark = map.mark();
    for (const auto& [key, value] : map.entries()) {
        const bool known =
            key.is_string() && (one_of(key.as_string(), allowed) || one_of(key.as_string(), more));
        if (known) continue;
        if (unknown.empty()) mark = key.mark();
        unknown.push_back(key.to_text());
    }
    if (unknown.empty()) return;
    report.add(place, "config contains unknown keys: " + base::join(unknown, ", "), mark);
}

void check_required(const Value& map, Names required, const Place& place, Report& report) {
    std::vector<std::string> missing;
    for (const auto name : required) {
        if (map.find(name) == nullptr) missing.emplace_back(name);
    }
    if (missing.empty()) return;
    report.add(place, "config missing required keys: " + base::join(missing, ", "), map.mark());
}

void check_exclusive(const Value& map, Names keys, const Place& place, Report& report) {
    std::vector<std::string> present;
    for (const auto& [key, value] : map.entries()) {
        if (key.is_string() && one_of(key.as_string(), keys)) present.push_back(key.as_string());
    }
    if (present.size() < 2) return;
    report.add(place, "config these keys cannot be used together: " + base::join(present, ", "),
               map.entries().find_key(present.back())->mark());
}

bool is_text(const Value& value) { return value.is_string(); }

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
    if (!value.is_list() || levels < 0) return false;
    return std::all_of(value.items().begin(), value.items().end(),
                       [levels](const Value& v) { return is_nested_text(v, levels - 1); });
}

bool is_nested_maps(const Value& value, int levels) {
    if (!value.is_list()) return false;
    return std::all_of(value.items().begin(), value.items().end(), [levels](const Value& v) {
        return v.is_map() || (levels > 0 && is_nested_maps(v, levels - 1));
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

}  // namespace runner::pipeline::keywords
