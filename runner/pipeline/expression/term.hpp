#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runner/pipeline/expression/lexer.hpp"
#include "runner/pipeline/expression/regex.hpp"

namespace runner::pipeline::expression {

/// A node of a parsed expression: a value, or an operator with two terms (kNot has only `right`).
struct Term {
    TokenKind kind;
    std::string text;
    std::optional<Regex> regex;
    std::shared_ptr<const Term> left;
    std::shared_ptr<const Term> right;
};

/// The root of the parsed expression; nullptr when the tokens are not a valid expression.
std::shared_ptr<const Term> parse_tokens(const std::vector<Token>& tokens);

}  // namespace runner::pipeline::expression
