#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner::pipeline::expression {

enum class TokenKind : std::uint8_t {
    kOpen,
    kClose,
    kInput,     ///< $[[ inputs.NAME ]]; the text is the name
    kVariable,  ///< the text is the name
    kString,    ///< the text is what stands between the quotes
    kRegex,     ///< the text is the whole literal, slashes and flags
    kNull,
    kTrue,
    kFalse,
    kEqual,
    kMatches,
    kNotEqual,
    kNotMatches,
    kAnd,
    kOr,
    kNot,
};

struct Token {
    TokenKind kind;
    std::string text;
};

constexpr std::size_t kMostTokens = 100;

/// Nothing when some place cannot be read as a token or there are too many.
std::optional<std::vector<Token>> lex(std::string_view text);

}  // namespace runner::pipeline::expression
