#include "runner/pipeline/durations.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/strings.hpp"

namespace runner::pipeline {
namespace {

constexpr double kMostSeconds = 1e15;

const std::unordered_map<std::string_view, double>& units() {
    static const std::unordered_map<std::string_view, double> table = [] {
        std::unordered_map<std::string_view, double> t;
        const auto add = [&t](double seconds, std::initializer_list<std::string_view> words) {
            for (const auto word : words) t.emplace(word, seconds);
        };
        add(1, {"seconds", "second", "secs", "sec", "s"});
        add(60, {"minutes", "minute", "mins", "min", "m"});
        add(3600, {"hours", "hour", "hrs", "hr", "h"});
        add(86'400, {"days", "day", "dy", "d"});
        add(604'800, {"weeks", "week", "wks", "wk", "w"});
        add(2'592'000, {"months", "mos", "month", "mo"});
        add(31'557'600, {"years", "year", "yrs", "yr", "y"});
        return t;
    }();
    return table;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

double number(std::string_view text) {
    std::string plain(text);
    if (plain.starts_with('.')) plain.insert(0, "0");
    double value = 0;
    std::from_chars(plain.data(), plain.data() + plain.size(), value);
    return value;
}

/// "1:30" or "01:30:00". From the right: seconds, minutes, hours, days, months, years.
std::optional<double> parse_clock(std::string_view text) {
    std::string plain;
    for (const char c : text) {
        if (c != ' ') plain += c;
    }
    const auto parts = base::split(plain, ':');
    static constexpr double kUnits[] = {1, 60, 3600, 86'400, 2'592'000, 31'557'600};
    if (parts.size() < 2 || parts.size() > std::size(kUnits)) return std::nullopt;
    double total = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string& part = parts[parts.size() - 1 - i];
        if (part.empty() ||
            part.find_first_not_of(i == 0 ? "0123456789." : "0123456789") != std::string::npos) {
            return std::nullopt;
        }
        total += number(part) * kUnits[i];
    }
    return total;
}

/// Splits the text into numbers and words: "1h30m" is 1, h, 30, m.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    bool was_number = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n') {
            was_number = false;
            words.emplace_back();
            continue;
        }
        const bool is_number =
            is_digit(c) || (c == '.' && i + 1 < text.size() && is_digit(text[i + 1]));
        if (words.empty() || is_number != was_number) words.emplace_back();
        words.back() += c;
        was_number = is_number;
    }
    return words;
}

/// "2 hrs 20 min": numbers, each followed by a unit.
double parse_words(const std::string& text) {
    double total = 0;
    std::optional<double> pending;
    bool any = false;
    for (std::string& word : words_of(text)) {
        while (word.starts_with(',')) word.erase(0, 1);
        while (word.ends_with(',')) word.pop_back();
        if (word.empty()) continue;
        if (is_digit(word.front()) || word.front() == '.') {
            total += pending.value_or(0);  // a number without a unit means seconds
            pending = number(word);
            any = true;
            continue;
        }
        const auto unit = units().find(word);
        if (unit == units().end()) continue;
        if (pending) {
            total += *pending * unit->second;
        } else if (!any) {
            total += unit->second;  // "day" means one day
        }
        pending.reset();
        any = true;
    }
    return total + pending.value_or(0);
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    const std::string lower = base::to_lower(text);
    const double seconds = parse_clock(lower).value_or(parse_words(lower));
    if (!(seconds > 0) || seconds > kMostSeconds) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds)));
}

}  // namespace runner::pipeline
