#include "runner/script/variable_expansion.hpp"

#include "base/names.hpp"

namespace runner::script {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_shell_parameter(char c) {
    return is_digit(c) || std::string_view("*#@!?-").find(c) != std::string_view::npos;
}

}  // namespace

std::string expand_variables(std::string_view text,
                             const std::function<std::string(std::string_view)>& value_of) {
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] != '$' || i + 1 == text.size()) {
            out += text[i++];
            continue;
        }
        const char next = text[i + 1];
        if (next == '$') {
            out += '$';
            i += 2;
        } else if (next == '{') {
            const auto close = text.find('}', i + 2);
            if (close == std::string_view::npos) {
                // A "${" without end is dropped, and the text behind it stays.
                i += 2;
                continue;
            }
            out += value_of(text.substr(i + 2, close - i - 2));
            i = close + 1;
        } else if (is_shell_parameter(next)) {
            i += 2;
        } else if (base::is_name_character(next)) {
            std::size_t end = i + 1;
            while (end < text.size() && base::is_name_character(text[end])) ++end;
            out += value_of(text.substr(i + 1, end - i - 1));
            i = end;
        } else {
            out += text[i++];
        }
    }
    return out;
}

}  // namespace runner::script
