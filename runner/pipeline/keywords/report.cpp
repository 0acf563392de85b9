#include "runner/pipeline/keywords/report.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/expression/regex.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

/// The small letter of one beyond ASCII: Latin with marks, Greek, Cyrillic.
std::uint32_t small_letter(std::uint32_t letter) {
    const auto within = [letter](std::uint32_t first, std::uint32_t last) {
        return letter >= first && letter <= last;
    };
    if (within(0xc0, 0xde)) return letter == 0xd7 ? letter : letter + 0x20;
    if (letter == 0x178) return 0xff;
    const bool odd = within(0x139, 0x148) || within(0x179, 0x17e);
    if (odd) return letter % 2 == 1 ? letter + 1 : letter;
    if (within(0x100, 0x177)) {
        return letter % 2 == 1 || letter == 0x130 || letter == 0x138 ? letter : letter + 1;
    }
    if (within(0x391, 0x3a9) || within(0x410, 0x42f)) return letter + 0x20;
    if (within(0x400, 0x40f)) return letter + 0x50;
    return letter;
}

/// GitLab prints a problem's text in small letters, those of other alphabets included.
std::string in_small_letters(std::string_view text) {
    std::string out = base::to_lower(text);
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
        const auto lead = static_cast<unsigned char>(out[i]);
        const auto trail = static_cast<unsigned char>(out[i + 1]);
        if (lead < 0xc2 || lead > 0xdf || (trail & 0xc0) != 0x80) continue;
        const std::uint32_t letter = small_letter((lead & 0x1fU) << 6 | (trail & 0x3fU));
        out[i] = static_cast<char>(0xc0 | letter >> 6);
        out[i + 1] = static_cast<char>(0x80 | (letter & 0x3f));
        ++i;
    }
    return out;
}

}  // namespace

std::string Place::text() const {
    std::string above = parent == nullptr ? std::string{} : parent->text();
    if (!above.empty() && !name.empty()) above += ':';
    return above.append(name);
}

void Report::add(const Place& place, std::string_view message, Mark mark) {
    std::string text = place.text();
    if (!text.empty()) text += ' ';
    problems_.push_back({in_small_letters(text.append(message)), mark});
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

bool all_of(const Value& value, Names names) {
    if (value.is_string()) return one_of(value.as_string(), names);
    return value.is_list() &&
           std::all_of(value.items().begin(), value.items().end(), [names](const Value& item) {
               return item.is_string() && one_of(item.as_string(), names);
           });
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

}  // namespace runner::pipeline::keywords
