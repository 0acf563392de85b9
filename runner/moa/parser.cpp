#include "runner/moa/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "runner/moa/token_stream.hpp"

namespace runner::moa {

namespace {

struct Binary {
    std::string_view text;
    Operator op;
    int precedence;
};
constexpr int kLowest = 1;
constexpr int kHighest = 5;
constexpr std::array kBinary{
    Binary{"||", Operator::kOr, 1},          Binary{"&&", Operator::kAnd, 2},
    Binary{"==", Operator::kEqual, 3},       Binary{"!=", Operator::kNotEqual, 3},
    Binary{"<=", Operator::kLessOrEqual, 3}, Binary{">=", Operator::kGreaterOrEqual, 3},
    Binary{"<", Operator::kLess, 3},         Binary{">", Operator::kGreater, 3},
    Binary{"+", Operator::kAdd, 4},          Binary{"-", Operator::kSubtract, 4},
    Binary{"*", Operator::kMultiply, 5},     Binary{"/", Operator::kDivide, 5},
    Binary{"%", Operator::kModulo, 5},
};

constexpr std::array<std::string_view, 34> kReserved{
    "array",     "as",          "break",  "case",    "const", "continue", "default",
    "else",      "fallthrough", "float",  "for",     "func",  "function", "goto",
    "if",        "import",      "in",     "int",     "let",   "loop",     "map",
    "namespace", "number",      "object", "package", "range", "return",   "string",
    "struct",    "switch",      "type",   "var",     "void",  "while"};

using Node = Outcome<ExpressionPtr>;

template <typename T>
ExpressionPtr make(std::size_t at, T node) {
    return std::make_unique<Expression>(Expression{at, std::move(node)});
}

Node node_of_word(std::size_t at, std::string_view text) {
    if (std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end())
        return parse_fault(at, fmt::format("\"{}\" is reserved and cannot be a name", text));
    if (text == "null") return make(at, Literal{Value()});
    if (text == "true" || text == "false") return make(at, Literal{Value(text == "true")});
    return make(at, Name{std::string(text)});
}

Node node_of_number(std::size_t at, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return parse_fault(at, fmt::format("{} is no number of 64 bits", shown(text)));
    return make(at, Literal{Value(value)});
}

/// A name alone is the key itself; any other expression has to be evaluated.
Node key_of(Node parsed) {
    if (!parsed) return parsed;
    if (auto* name = std::get_if<Name>(&(*parsed)->node)) {
        std::string text = std::move(name->name);
        (*parsed)->node = Literal{Value(std::move(text))};
    }
    return parsed;
}

class Parser {
  public:
    Parser(std::string_view text, std::size_t at) : tokens_(text, at), lexer_(tokens_.lexer) {}

    Outcome<Parsed> run() {
        auto inside = inside_of_braces();
        if (!inside) return inside.error();
        return Parsed{std::move(*inside), lexer_.at()};
    }

  private:
    /// Behind "${{": the expression and its "}}". Null when there is nothing between them.
    Node inside_of_braces() {
        lexer_.open_expression();
        const std::size_t open = lexer_.at();
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        if (tokens_.token() == Token::kClose) return ExpressionPtr();
        auto expression = chain(kLowest);
        if (!expression) return expression;
        if (tokens_.token() == Token::kEnd)
            return parse_fault(open, "the expression has no end: \"}}\" is missing");
        if (tokens_.token() != Token::kClose) return tokens_.unexpected("an operator or \"}}\"");
        return expression;
    }

    Node chain(int precedence) {
        if (precedence > kHighest) return unary();
        const std::size_t at = lexer_.begin();
        auto first = chain(precedence + 1);
        if (!first) return first;
        Chain chain_node;
        while (const Binary* binary = binary_here(precedence)) {
            Chain::Link link{binary->op, lexer_.begin(), nullptr};
            if (auto moved = tokens_.advance(); !moved) return moved.error();
            auto operand = chain(precedence + 1);
            if (!operand) return operand;
            link.operand = std::move(*operand);
            chain_node.links.push_back(std::move(link));
        }
        if (chain_node.links.empty()) return first;
        chain_node.first = std::move(*first);
        return make(at, std::move(chain_node));
    }

    [[nodiscard]] const Binary* binary_here(int precedence) const {
        if (tokens_.token() != Token::kSymbol) return nullptr;
        const auto* found = std::find_if(kBinary.begin(), kBinary.end(), [&](const Binary& each) {
            return each.precedence == precedence && each.text == lexer_.lexeme();
        });
        return found == kBinary.end() ? nullptr : found;
    }

    Node unary() {
        const std::size_t at = lexer_.begin();
        Unary node;
        while (tokens_.is_symbol("!") || tokens_.is_symbol("-") || tokens_.is_symbol("+")) {
            node.operators.push_back(tokens_.is_symbol("!")   ? Operator::kNot
                                     : tokens_.is_symbol("-") ? Operator::kSubtract
                                                              : Operator::kAdd);
            if (auto counted = tokens_.count_part(); !counted) return counted.error();
            if (auto moved = tokens_.advance(); !moved) return moved.error();
        }
        auto operand = access();
        if (!operand || node.operators.empty()) return operand;
        node.operand = std::move(*operand);
        return make(at, std::move(node));
    }

    Node access() {
        const std::size_t at = lexer_.begin();
        auto base = primary();
        if (!base) return base;
        Access node;
        while (tokens_.is_symbol(".") || tokens_.is_symbol("[") || tokens_.is_symbol("(")) {
            if (auto counted = tokens_.count_part(); !counted) return counted.error();
            auto step = tokens_.is_symbol(".") ? member() : bracket();
            if (!step) return step.error();
            node.steps.push_back(std::move(*step));
        }
        if (node.steps.empty()) return base;
        node.base = std::move(*base);
        return make(at, std::move(node));
    }

    Outcome<Access::Step> member() {
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        if (tokens_.token() != Token::kWord) return tokens_.unexpected("a name behind \".\"");
        Access::Step step{Access::Step::Kind::kMember,
                          lexer_.begin(),
                          std::string(lexer_.lexeme()),
                          lexer_.following() == '-',
                          {}};
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        return step;
    }

    Outcome<Access::Step> bracket() {
        const bool is_call = tokens_.is_symbol("(");
        Access::Step step{is_call ? Access::Step::Kind::kCall : Access::Step::Kind::kIndex,
                          lexer_.begin(),
                          {},
                          false,
                          {}};
        auto arguments = list(is_call ? ")" : "]");
        if (!arguments) return arguments.error();
        if (!is_call && arguments->size() != 1)
            return parse_fault(step.at, "one index is wanted between \"[\" and \"]\"");
        step.arguments = std::move(*arguments);
        return step;
    }

    /// At an opening bracket: expressions between commas, up to `close`.
    Outcome<std::vector<ExpressionPtr>> list(std::string_view close) {
        if (auto entered = tokens_.enter(); !entered) return entered.error();
        std::vector<ExpressionPtr> items;
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        while (!tokens_.is_symbol(close)) {
            auto item = chain(kLowest);
            if (!item) return item.error();
            items.push_back(std::move(*item));
            if (auto comma = end_of_element(close); !comma) return comma.error();
        }
        tokens_.leave();
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        return items;
    }

    /// Passes the comma; the last element needs none.
    Outcome<void> end_of_element(std::string_view close) {
        if (tokens_.is_symbol(",")) return tokens_.advance();
        if (tokens_.is_symbol(close)) return {};
        return tokens_.unexpected(fmt::format("\",\" or \"{}\"", close));
    }

    Node primary() {
        if (auto counted = tokens_.count_part(); !counted) return counted.error();
        const std::size_t at = lexer_.begin();
        switch (tokens_.token()) {
            case Token::kWord: return followed(node_of_word(at, lexer_.lexeme()));
            case Token::kNumber: return followed(node_of_number(at, lexer_.lexeme()));
            case Token::kSingleQuote: {
                auto text = lexer_.read_single_quoted();
                if (!text) return text.error();
                return followed(make(at, Literal{Value(std::move(*text))}));
            }
            case Token::kDoubleQuote: return double_quoted();
            case Token::kSymbol: return bracketed();
            case Token::kClose:
            case Token::kEnd: break;
        }
        return tokens_.unexpected("a value");
    }

    /// `node`, after its token was passed.
    Node followed(Node node) {
        if (!node) return node;
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        return node;
    }

    Node bracketed() {
        const std::size_t at = lexer_.begin();
        if (tokens_.is_symbol("[")) {
            auto items = list("]");
            if (!items) return items.error();
            return make(at, ArrayOf{std::move(*items)});
        }
        if (tokens_.is_symbol("{")) return object();
        if (!tokens_.is_symbol("(")) return tokens_.unexpected("a value");
        auto inside = list(")");
        if (!inside) return inside.error();
        if (inside->size() != 1)
            return parse_fault(at, "one value is wanted between \"(\" and \")\"");
        return std::move(inside->front());
    }

    Node object() {
        if (auto entered = tokens_.enter(); !entered) return entered.error();
        const std::size_t at = lexer_.begin();
        ObjectOf node;
        if (auto moved = tokens_.advance(); !moved) return moved.error();
        while (!tokens_.is_symbol("}")) {
            auto key = key_of(chain(kLowest));
            if (!key) return key;
            if (!tokens_.is_symbol(":")) return tokens_.unexpected("\":\"");
            if (auto moved = tokens_.advance(); !moved) return moved.error();
            auto value = chain(kLowest);
            if (!value) return value;
            node.members.emplace_back(std::move(*key), std::move(*value));
            if (auto comma = end_of_element("}"); !comma) return comma.error();
        }
        tokens_.leave();
        return followed(make(at, std::move(node)));
    }

    Node double_quoted() {
        if (auto entered = tokens_.enter(); !entered) return entered.error();
        const std::size_t at = lexer_.begin();
        TextOf node;
        while (true) {
            const std::size_t piece_at = lexer_.at();
            std::string piece;
            auto end = lexer_.read_piece(piece);
            if (!end) return end.error();
            node.pieces.push_back(make(piece_at, Literal{Value(std::move(piece))}));
            if (*end == Lexer::PieceEnd::kQuote) break;
            auto inside = inside_of_braces();
            if (!inside) return inside;
            if (*inside != nullptr) node.pieces.push_back(std::move(*inside));
        }
        tokens_.leave();
        if (node.pieces.size() == 1) return followed(std::move(node.pieces.front()));
        return followed(make(at, std::move(node)));
    }

    TokenStream tokens_;
    Lexer& lexer_;
};

}  // namespace

Outcome<Parsed> parse(std::string_view text, std::size_t at) { return Parser(text, at).run(); }

}  // namespace runner::moa
