#include "runner/moa/lexer.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/names.hpp"

namespace runner::moa {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Letters that are not ASCII count, whatever they are.
bool is_word(char c) {
    return base::is_name_character(c) || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// The number of four hexadecimal digits at the beginning of `text`.
std::optional<unsigned> hex4(std::string_view text) {
    const std::string_view digits = text.substr(0, 4);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) return std::nullopt;
    return value;
}

void append_utf8(std::string& out, unsigned point) {
    const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return add(point);
    if (point < 0x800) {
        add(0xc0U | (point >> 6U));
    } else if (point < 0x10000) {
        add(0xe0U | (point >> 12U));
        add(0x80U | ((point >> 6U) & 0x3fU));
    } else {
        add(0xf0U | (point >> 18U));
        add(0x80U | ((point >> 12U) & 0x3fU));
        add(0x80U | ((point >> 6U) & 0x3fU));
    }
    add(0x80U | (point & 0x3fU));
}

}  // namespace

char Lexer::peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
}

Token Lexer::token(Token kind, std::size_t length) {
    lexeme_ = text_.substr(begin_, length);
    at_ = begin_ + length;
    return kind;
}

Outcome<Token> Lexer::next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    begin_ = at_;
    if (at_ == text_.size()) return token(Token::kEnd, 0);
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1))))
        return token(Token::kNumber, number_length());
    if (is_word(c)) {
        std::size_t length = 1;
        while (is_word(peek(length))) ++length;
        return token(Token::kWord, length);
    }
    if (c == '\'') return token(Token::kSingleQuote, 1);
    if (c == '"') return token(Token::kDoubleQuote, 1);
    if (c == '{' || c == '}') return brace();
    return symbol();
}

std::size_t Lexer::number_length() const {
    std::size_t length = 0;
    const auto digits = [&] {
        while (is_digit(peek(length))) ++length;
    };
    digits();
    if (peek(length) == '.') ++length;
    digits();
    if (peek(length) != 'e' && peek(length) != 'E') return length;
    const std::size_t sign = peek(length + 1) == '+' || peek(length + 1) == '-' ? 1 : 0;
    if (!is_digit(peek(length + 1 + sign))) return length;
    length += 1 + sign;
    digits();
    return length;
}

/// "}}" ends the expression, unless one of the two belongs to an object.
Token Lexer::brace() {
    int& open = open_braces_.back();
    if (peek() == '{') {
        ++open;
        return token(Token::kSymbol, 1);
    }
    if (open == 0 && peek(1) == '}') {
        open_braces_.pop_back();
        return token(Token::kClose, 2);
    }
    // A "}" too many is no end of an object; the parser refuses it.
    if (open > 0) --open;
    return token(Token::kSymbol, 1);
}

Outcome<Token> Lexer::symbol() {
    static constexpr std::array<std::string_view, 6> kPairs{"==", "!=", "<=", ">=", "&&", "||"};
    static constexpr std::string_view kSingle = "<>!+-*/%()[],:.";
    for (const std::string_view pair : kPairs) {
        if (text_.substr(at_).starts_with(pair)) return token(Token::kSymbol, 2);
    }
    if (kSingle.find(peek()) != std::string_view::npos) return token(Token::kSymbol, 1);
    if (text_.substr(at_).starts_with(kOpenExpression))
        return parse_fault(
            at_,
            "\"${{\" stands inside of an expression; only a double-quoted string can have one");
    return parse_fault(at_, fmt::format("\"{}\" has no meaning here", shown(text_.substr(at_, 1))));
}

Outcome<std::string> Lexer::read_single_quoted() {
    const std::size_t open = begin_;
    std::string out;
    while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c == '\'') return out;
        if (c == '\\') {
            if (peek() != '\\' && peek() != '\'')
                return parse_fault(at_ - 1, "a string in single quotes knows only \\\\ and \\'");
            out += text_[at_++];
        } else {
            out += c;
        }
    }
    return parse_fault(open, "the string has no end");
}

Outcome<Lexer::PieceEnd> Lexer::read_piece(std::string& out) {
    const std::size_t open = at_;
    while (at_ < text_.size()) {
        if (text_.substr(at_).starts_with(kOpenExpression)) {
            at_ += kOpenExpression.size();
            return PieceEnd::kExpression;
        }
        const char c = text_[at_++];
        if (c == '"') return PieceEnd::kQuote;
        if (c != '\\') {
            out += c;
            continue;
        }
        if (auto escape = read_escape(out); !escape) return escape.error();
    }
    return parse_fault(open, "the string has no end");
}

/// Behind a backslash.
Outcome<void> Lexer::read_escape(std::string& out) {
    static constexpr std::string_view kNames = "\\\"nrtabfv/$";
    static constexpr std::string_view kMeanings = "\\\"\n\r\t\a\b\f\v/$";
    if (peek() == 'u') return read_unicode_escape(out);
    const std::size_t which = at_ < text_.size() ? kNames.find(peek()) : std::string_view::npos;
    if (which == std::string_view::npos)
        return parse_fault(
            at_ - 1, fmt::format("\"\\{}\" is no escape sequence", shown(text_.substr(at_, 1))));
    out += kMeanings[which];
    ++at_;
    return {};
}

/// At the "u". Two halves of a pair are one character; half a pair becomes U+FFFD.
Outcome<void> Lexer::read_unicode_escape(std::string& out) {
    auto point = hex4(text_.substr(at_ + 1));
    if (!point) return parse_fault(at_ - 1, "\"\\u\" wants four hexadecimal digits");
    at_ += 5;
    if (*point >= 0xd800 && *point < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
        const auto low = hex4(text_.substr(at_ + 2));
        if (low && *low >= 0xdc00 && *low < 0xe000) {
            point = 0x10000U + ((*point - 0xd800U) << 10U) + (*low - 0xdc00U);
            at_ += 6;
        }
    }
    if (*point >= 0xd800 && *point < 0xe000) point = 0xfffd;
    append_utf8(out, *point);
    return {};
}

}  // namespace runner::moa
