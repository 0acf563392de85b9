#include "runner/pipeline/yaml/scalars.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "base/strings.hpp"

namespace runner::pipeline::yaml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string without(std::string_view text, std::string_view drop) {
    std::string out;
    for (const char c : text) {
        if (drop.find(c) == std::string_view::npos) out += c;
    }
    return out;
}

/// A position in a text. Each function consumes the characters that it accepts.
struct Cursor {
    std::string_view rest;

    bool accept(char c) {
        if (rest.empty() || rest.front() != c) return false;
        rest.remove_prefix(1);
        return true;
    }
    bool accept_sign() { return accept('-') || accept('+'); }
    /// Consumes up to `most` characters that are digits or in `also`; returns their number.
    std::size_t digits(std::size_t most, std::string_view also = {}) {
        std::size_t n = 0;
        while (n < most && n < rest.size() &&
               (is_digit(rest[n]) || also.find(rest[n]) != std::string_view::npos)) {
            ++n;
        }
        rest.remove_prefix(n);
        return n;
    }
    /// Consumes up to `most` digits; false when there are fewer than `least`.
    bool between(std::size_t least, std::size_t most) {
        const std::size_t n = digits(most);
        return n >= least;
    }
    [[nodiscard]] bool done() const { return rest.empty(); }
};

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

bool looks_like_time(std::string_view text) {
    Cursor c{text};
    c.accept('-');
    if (!c.between(4, 4) || !c.accept('-') || !c.between(1, 2) || !c.accept('-') ||
        !c.between(1, 2)) {
        return false;
    }
    if (!c.accept('T') && !c.accept('t')) {
        if (!c.accept(' ') && !c.accept('\t')) return false;
        while (c.accept(' ') || c.accept('\t')) {
        }
    }
    if (!c.between(1, 2) || !c.accept(':') || !c.between(2, 2) || !c.accept(':') ||
        !c.between(2, 2)) {
        return false;
    }
    if (c.accept('.')) c.digits(kAny);
    while (c.accept(' ') || c.accept('\t')) {
    }
    if (c.done() || (c.accept('Z') && c.done())) return true;
    if (!c.accept_sign() || !c.between(1, 2)) return false;
    c.accept(':');
    return c.done() || (c.between(2, 2) && c.done());
}

bool looks_like_date(std::string_view text) {
    Cursor c{text};
    if (!c.between(4, 4) || !c.accept('-')) return false;
    const auto month_at = c.rest;
    const auto month_digits = c.digits(2);
    if (month_digits == 0 || !c.accept('-')) return false;
    const auto day_at = c.rest;
    const auto day_digits = c.digits(2);
    if (day_digits == 0 || !c.done()) return false;
    int month = 0;
    int day = 0;
    std::from_chars(month_at.data(), month_at.data() + month_digits, month);
    std::from_chars(day_at.data(), day_at.data() + day_digits, day);
    return month <= 12 && day <= 31;
}

/// A base sixty number: 12:30, 1:02:03, 12:30.5. The first part counts as hours.
std::optional<Value> sexagesimal(std::string_view text, Mark mark) {
    Cursor c{text};
    c.accept_sign();
    if (c.digits(1) == 0) return std::nullopt;
    c.digits(kAny, "_");
    int parts = 0;
    while (parts < 2 && c.accept(':')) {
        if (c.rest.empty() || !is_digit(c.rest.front())) return std::nullopt;
        const bool small = c.rest.front() <= '5';
        c.digits(small ? 2 : 1);
        ++parts;
    }
    if (parts == 0) return std::nullopt;
    const bool fraction = c.accept('.');
    if (fraction) c.digits(kAny, "_");
    if (!c.done()) return std::nullopt;
    double total = 0;
    double unit = 3600;
    for (const std::string& part : base::split(text, ':')) {
        double number = 0;
        const std::string plain = without(part, "_+");
        std::from_chars(plain.data(), plain.data() + plain.size(), number);
        total += number * unit;
        unit = unit == 3600 ? 60 : 1;
    }
    if (fraction) return Value::real(total, mark);
    // Beyond 64 bits the text is kept, as for other integers.
    if (std::fabs(total) >= 9.2e18) return Value::string(std::string(text), mark);
    return Value::integer(static_cast<std::int64_t>(total), mark);
}

bool looks_like_float(std::string_view text) {
    Cursor c{text};
    c.accept_sign();
    if (!c.rest.empty() && is_digit(c.rest.front())) c.digits(kAny, "_,");
    if (!c.accept('.')) return false;
    c.digits(kAny);
    if (c.accept('e') || c.accept('E')) {
        if (!c.accept_sign() || c.digits(kAny) == 0) return false;
    }
    return c.done();
}

std::optional<int> integer_base(std::string_view text) {
    Cursor c{text};
    c.accept_sign();
    const std::string_view body = c.rest;
    const auto only = [&](std::size_t from, std::string_view allowed) {
        return body.size() > from &&
               body.substr(from).find_first_not_of(allowed) == std::string_view::npos;
    };
    if (body.starts_with("0b") && only(2, "01_,")) return 2;
    if (body.starts_with("0x") && only(2, "0123456789abcdefABCDEF_,")) return 16;
    if (body == "0") return 10;
    if (body.starts_with("0") && only(1, "01234567_,")) return 8;
    if (body.empty() || body.front() < '1' || body.front() > '9') return std::nullopt;
    bool separator = false;
    for (const char ch : body.substr(1)) {
        const bool is_separator = ch == ',' || ch == '_';
        if (!is_digit(ch) && !is_separator) return std::nullopt;
        if (is_separator && separator) return std::nullopt;
        separator = is_separator;
    }
    if (separator) return std::nullopt;
    return 10;
}

Value parse_integer(std::string_view text, int base, Mark mark) {
    std::string plain = without(text, ",_+");
    const bool negative = plain.starts_with('-');
    if (negative) plain.erase(0, 1);
    if (base == 2 || base == 16) plain.erase(0, 2);
    if (plain.empty()) return Value::string(std::string(text), mark);
    if (negative) plain.insert(0, "-");
    std::int64_t number = 0;
    const auto [end, error] =
        std::from_chars(plain.data(), plain.data() + plain.size(), number, base);
    // Beyond 64 bits the text is kept: all that is done with such a number is to print it.
    if (error != std::errc{} || end != plain.data() + plain.size()) {
        return Value::string(std::string(text), mark);
    }
    return Value::integer(number, mark);
}

Value parse_float(std::string_view text, Mark mark) {
    const std::string plain = without(text, ",_+");
    std::string digits = plain;
    if (digits.starts_with('.')) digits.insert(0, "0");
    if (digits.starts_with("-.")) digits.insert(1, "0");
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return Value::real(number, mark);
}

/// Whether the text cannot be a number: letters, blanks and most signs only begin texts and the
/// named values (true, null, …).
bool begins_like_text(std::string_view text) {
    static constexpr std::string_view kSigns = "_ \t\n\r\v\f!@#$%^&*(){}<>|/\\~;=";
    const auto textual = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               static_cast<unsigned char>(c) >= 0x80 || kSigns.find(c) != std::string_view::npos;
    };
    if (textual(text.front())) return true;
    const char first = text.front();
    return !is_digit(first) && first != '.' && first != ':' && text.size() > 1 && textual(text[1]);
}

std::optional<Value> named_word(std::string_view text, Mark mark) {
    const std::string word = base::to_lower(text);
    if (word == "~" || word == "null") return Value::null(mark);
    if (word == "yes" || word == "true" || word == "on") return Value::boolean(true, mark);
    if (word == "no" || word == "false" || word == "off") return Value::boolean(false, mark);
    return std::nullopt;
}

std::optional<Value> special_float(std::string_view text, Mark mark) {
    const std::string word = base::to_lower(text);
    if (word == ".inf" || word == "+.inf") {
        return Value::real(std::numeric_limits<double>::infinity(), mark);
    }
    if (word == "-.inf") return Value::real(-std::numeric_limits<double>::infinity(), mark);
    if (word == ".nan") return Value::real(std::nan(""), mark);
    return std::nullopt;
}

Value symbol_of(std::string_view text, Mark mark) {
    text.remove_prefix(1);
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front()) {
        text = text.substr(1, text.size() - 2);
    }
    return Value::symbol(std::string(text), mark);
}

}  // namespace

Checked<Value> resolve_plain(std::string_view text, Mark mark) {
    if (text.empty()) return Value::null(mark);
    if (begins_like_text(text)) {
        if (text.size() <= 5) {
            if (auto word = named_word(text, mark)) return *word;
        }
        if (auto number = special_float(text, mark)) return *number;
        return Value::string(std::string(text), mark);
    }
    if (looks_like_time(text)) return Problem{"Tried to load unspecified class: Time", mark};
    if (looks_like_date(text)) return Problem{"Tried to load unspecified class: Date", mark};
    if (auto number = special_float(text, mark)) return *number;
    if (text.size() > 1 && text.front() == ':') return symbol_of(text, mark);
    if (auto number = sexagesimal(text, mark)) return *number;
    const std::string_view body =
        text.front() == '-' || text.front() == '+' ? text.substr(1) : text;
    if (looks_like_float(text) && body != ".") return parse_float(text, mark);
    if (const auto base = integer_base(text)) return parse_integer(text, *base, mark);
    return Value::string(std::string(text), mark);
}

}  // namespace runner::pipeline::yaml
