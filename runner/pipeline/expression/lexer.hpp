#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner::pipeline::expression {

/// The kinds of tokens (ci-yaml.md §3.1); Token::text is empty where nothing is said about it.
enum class TokenKind : std::uint8_t {
    kOpen,
    kClose,
    kInput,     ///< $[[ inputs.NAME ]]; the text is the name
    kVariable,  ///< the text is the name
    kString,    ///< the text is what is between the quotes
    kRegex,     ///< the text is the whole literal with slashes and flags
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

/// GitLab's limit of the tokens of one expression.
constexpr std::size_t kMostTokens = 100;

/// The tokens of an expression; nothing when a part of the text is not a token, or there are too
/// many.
std::optional<std::vector<Token>> lex(std::string_view text);

}  // namespace runner::pipeline::expression
