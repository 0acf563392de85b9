#include "runner/script/variable_expansion.hpp"

#include <algorithm>

#include "base/names.hpp"

namespace runner::script {

namespace {

bool is_shell_parameter(char c) {
    return (c >= '0' && c <= '9') || std::string_view("*#@!?-").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<TextPiece> TextPieces::next() {
    while (!text_.empty()) {
        const auto dollar = std::min(text_.find('$'), text_.size());
        if (dollar > 0) return take_plain(dollar);
        if (auto piece = take_dollar()) return piece;
    }
    return std::nullopt;
}

TextPiece TextPieces::take_plain(std::size_t bytes) {
    const std::string_view plain = text_.substr(0, bytes);
    text_.remove_prefix(bytes);
    return {false, plain, plain};
}

TextPiece TextPieces::take_reference(std::size_t bytes, std::string_view name) {
    const std::string_view written = text_.substr(0, bytes);
    text_.remove_prefix(bytes);
    return {true, name, written};
}

/// The text begins with "$". Returns nothing for what is dropped.
std::optional<TextPiece> TextPieces::take_dollar() {
    const char after = text_.size() > 1 ? text_[1] : '\0';
    if (after == '$') {
        text_.remove_prefix(1);
        return take_plain(1);
    }
    if (after == '{') {
        const auto close = may_close_ ? text_.find('}', 2) : std::string_view::npos;
        if (close != std::string_view::npos) {
            return take_reference(close + 1, text_.substr(2, close - 2));
        }
        may_close_ = false;
        text_.remove_prefix(2);
        return std::nullopt;
    }
    if (is_shell_parameter(after)) {
        text_.remove_prefix(2);
        return std::nullopt;
    }
    std::size_t end = 1;
    while (end < text_.size() && base::is_name_character(text_[end])) ++end;
    if (end == 1) return take_plain(1);
    return take_reference(end, text_.substr(1, end - 1));
}

}  // namespace runner::script
