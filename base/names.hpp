#pragma once

#include <string_view>

namespace base {

/// What a kind of name may consist of: ASCII letters, digits, "_", and the characters of `also`.
struct NameRule {
    std::string_view also = {};
    bool digit_may_lead = true;
};

/// An ASCII letter, a digit or "_".
constexpr bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Whether `text` is a name by `rule`; "" never is.
bool is_name(std::string_view text, const NameRule& rule);

}  // namespace base
