#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runner/pipeline/expression/lexer.hpp"
#include "runner/pipeline/expression/regex.hpp"

namespace runner::pipeline::expression {

/// A node of a parsed expression: a value, or an operator over one (kNot: right only) or two terms.
struct Term {
    TokenKind kind;
    std::string text;
    std::optional<Regex> regex;
    std::shared_ptr<const Term> left;
    std::shared_ptr<const Term> right;
};

/// nullptr when the tokens do not form an expression.
std::shared_ptr<const Term> parse_tokens(const std::vector<Token>& tokens);

}  // namespace runner::pipeline::expression
