#include "runner/pipeline/expression/expression.hpp"

#include <variant>

#include "runner/pipeline/expression/term.hpp"

namespace runner::pipeline::expression {
namespace {

/// A value: null, a boolean, a text, or a regular expression.
using Operand = std::variant<std::monostate, bool, std::string_view, const Regex*>;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

/// What Rails calls present, which ! and the result of the whole expression use.
bool present(const Operand& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    if (const auto* text = std::get_if<std::string_view>(&value)) return !is_blank(*text);
    return std::holds_alternative<const Regex*>(value);
}

/// What Ruby takes as true, which && and || use: everything except null and false.
bool truthy(const Operand& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    return !std::holds_alternative<std::monostate>(value);
}

std::string_view text_of(const Operand& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* text = std::get_if<std::string_view>(&value)) return *text;
    return {};
}

bool equal(const Operand& a, const Operand& b) {
    const bool scalar_a =
        std::holds_alternative<bool>(a) || std::holds_alternative<std::string_view>(a);
    const bool scalar_b =
        std::holds_alternative<bool>(b) || std::holds_alternative<std::string_view>(b);
    if (scalar_a && scalar_b) return text_of(a) == text_of(b);
    return a == b;
}

bool matches(const Operand& left, const Operand& right) {
    const std::string_view text = text_of(left);
    if (const auto* regex = std::get_if<const Regex*>(&right)) {
        return !std::holds_alternative<const Regex*>(left) && (*regex)->search(text);
    }
    const auto* pattern = std::get_if<std::string_view>(&right);
    if (pattern == nullptr) return false;
    if (const auto regex = Regex::from_literal(*pattern)) {
        return !std::holds_alternative<const Regex*>(left) && regex->search(text);
    }
    // The right side is a plain text: it matches when it contains the left text.
    return !std::holds_alternative<const Regex*>(left) &&
           pattern->find(text) != std::string_view::npos;
}

Operand evaluate(const Term& term, const Lookup& lookup);

Operand evaluate_operator(const Term& term, const Lookup& lookup) {
    if (term.kind == TokenKind::kNot) return !present(evaluate(*term.right, lookup));
    const Operand left = evaluate(*term.left, lookup);
    if (term.kind == TokenKind::kAnd) return truthy(left) ? evaluate(*term.right, lookup) : left;
    if (term.kind == TokenKind::kOr) return truthy(left) ? left : evaluate(*term.right, lookup);
    const Operand right = evaluate(*term.right, lookup);
    switch (term.kind) {
        case TokenKind::kEqual: return equal(left, right);
        case TokenKind::kNotEqual: return !equal(left, right);
        case TokenKind::kMatches: return matches(left, right);
        default: return !matches(left, right);
    }
}

Operand evaluate(const Term& term, const Lookup& lookup) {
    switch (term.kind) {
        case TokenKind::kVariable:
        case TokenKind::kInput: {
            const auto value = lookup(term.text, term.kind == TokenKind::kInput);
            if (!value) return std::monostate{};
            return *value;
        }
        case TokenKind::kString: return std::string_view(term.text);
        case TokenKind::kRegex: return &*term.regex;
        case TokenKind::kNull: return std::monostate{};
        case TokenKind::kTrue: return true;
        case TokenKind::kFalse: return false;
        default: return evaluate_operator(term, lookup);
    }
}

void collect_names(const Term& term, std::vector<std::string>& names) {
    if (term.kind == TokenKind::kVariable || term.kind == TokenKind::kInput) {
        names.push_back(term.text);
    }
    if (term.left) collect_names(*term.left, names);
    if (term.right) collect_names(*term.right, names);
}

}  // namespace

std::optional<Expression> Expression::parse(std::string_view text) {
    const auto tokens = lex(text);
    if (!tokens) return std::nullopt;
    auto root = parse_tokens(*tokens);
    if (!root) return std::nullopt;
    return Expression(std::move(root));
}

bool Expression::truthy(const Lookup& lookup) const { return present(evaluate(*root_, lookup)); }

std::vector<std::string> Expression::names() const {
    std::vector<std::string> names;
    collect_names(*root_, names);
    return names;
}

}  // namespace runner::pipeline::expression
