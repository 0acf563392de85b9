#include "base/names.hpp"

#include <algorithm>

namespace base {

bool is_name(std::string_view text, const NameRule& rule) {
    if (text.empty()) return false;
    const bool digit_leads = text.front() >= '0' && text.front() <= '9';
    if (digit_leads && !rule.digit_may_lead) return false;
    return std::all_of(text.begin(), text.end(), [&rule](char c) {
        return is_name_character(c) || rule.also.find(c) != std::string_view::npos;
    });
}

}  // namespace base
