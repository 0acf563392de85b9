#include "base/cron.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/strings.hpp"

namespace base {

namespace {

struct Range {
    std::string_view name;
    std::size_t first;
    std::size_t last;
    std::string_view names;  ///< three letters each, from `first` on
};

constexpr std::array<Range, 7> kRanges{{{"second", 0, 59, ""},
                                        {"minute", 0, 59, ""},
                                        {"hour", 0, 23, ""},
                                        {"day of month", 1, 31, ""},
                                        {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                        {"day of week", 0, 7, "sunmontuewedthufrisat"},
                                        {"year", 1970, 2099, ""}}};

bool is_any(std::string_view text) { return text == "*" || text == "?"; }

std::optional<std::size_t> value_of(const Range& range, std::string_view text) {
    std::optional<std::size_t> value;
    if (const auto number = parse_number<std::size_t>(text)) value = *number;
    const std::string name = to_lower(text);
    const auto at = name.size() == 3 ? range.names.find(name) : std::string_view::npos;
    if (at != std::string_view::npos && at % 3 == 0) value = range.first + at / 3;
    if (value && (*value < range.first || *value > range.last)) return std::nullopt;
    return value;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (const auto& word : split(text, ' ')) {
        if (!word.empty()) words.emplace_back(word);
    }
    return words;
}

}  // namespace

Result<CronExpression::Values> CronExpression::parse_part(Field field, std::string_view text) {
    const Range& range = kRanges.at(field);
    const auto wrong = [&] {
        return make_error(ErrorKind::kInvalidInput,
                          std::string(range.name) + " \"" + std::string(text) + "\" is not valid");
    };
    const auto slash = text.find('/');
    const std::string_view span = text.substr(0, slash);
    std::optional<std::size_t> step = 1;
    if (slash != std::string_view::npos) step = parse_number<std::size_t>(text.substr(slash + 1));
    if (!step || *step == 0) return wrong();
    std::optional<std::size_t> first = range.first;
    std::optional<std::size_t> last = range.last;
    if (!is_any(span)) {
        const auto dash = span.find('-');
        first = value_of(range, span.substr(0, dash));
        if (dash != std::string_view::npos) {
            last = value_of(range, span.substr(dash + 1));
        } else if (slash == std::string_view::npos) {
            last = first;
        }
    }
    if (!first || !last || *first > *last) return wrong();
    Values values;
    for (std::size_t value = *first; value <= *last; value += *step) values.set(value);
    return values;
}

Result<CronExpression::Values> CronExpression::parse_field(Field field, std::string_view text) {
    Values all;
    for (const auto& part : split(text, ',')) {
        auto values = parse_part(field, part);
        if (!values) return values.error();
        all |= *values;
    }
    if (field == kWeekday && all.test(7)) all.set(0);
    return all;
}

Result<CronExpression> CronExpression::parse(std::string_view text) {
    std::vector<std::string> words = words_of(text);
    if (words.size() < 5 || words.size() > 7) {
        return make_error(ErrorKind::kInvalidInput,
                          "it has " + std::to_string(words.size()) +
                              " fields: 5 (minute, hour, day of month, month, day of week), 6 (a "
                              "year behind) or 7 (seconds in front) are possible");
    }
    if (words.size() < 6) words.emplace_back("*");
    if (words.size() < 7) words.insert(words.begin(), "*");
    CronExpression expression;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto values = parse_field(static_cast<Field>(i), words[i]);
        if (!values) return values.error();
        expression.values_.at(i) = *values;
    }
    expression.any_day_ = is_any(words[kDay]);
    expression.any_weekday_ = is_any(words[kWeekday]);
    return expression;
}

bool CronExpression::matches(const std::tm& time) const {
    const auto has = [this](Field field, int value) {
        return value >= 0 && value < static_cast<int>(kLargest) &&
               values_.at(field).test(static_cast<std::size_t>(value));
    };
    const bool day = has(kDay, time.tm_mday);
    const bool weekday = has(kWeekday, time.tm_wday);
    const bool either = !any_day_ && !any_weekday_;
    // A leap second belongs to the second before.
    return has(kSecond, std::min(time.tm_sec, 59)) && has(kMinute, time.tm_min) &&
           has(kHour, time.tm_hour) && has(kMonth, time.tm_mon + 1) &&
           has(kYear, time.tm_year + 1900) && (either ? day || weekday : day && weekday);
}

}  // namespace base
