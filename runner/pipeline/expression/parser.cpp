#include "runner/pipeline/expression/term.hpp"

namespace runner::pipeline::expression {
namespace {

using TermPtr = std::shared_ptr<const Term>;

int precedence(TokenKind kind) {
    switch (kind) {
        case TokenKind::kEqual:
        case TokenKind::kMatches:
        case TokenKind::kNotEqual:
        case TokenKind::kNotMatches: return 3;
        case TokenKind::kAnd: return 2;
        case TokenKind::kOr: return 1;
        default: return 0;
    }
}

/// Parses by precedence climbing. The number of tokens is limited, and so is the recursion.
class Parser {
  public:
    explicit Parser(const std::vector<Token>& tokens) : tokens_(tokens) {}

    TermPtr all() {
        TermPtr term = binary(1);
        return at_ == tokens_.size() ? term : nullptr;
    }

  private:
    TermPtr binary(int least) {
        TermPtr left = operand();
        while (left && at_ < tokens_.size()) {
            const TokenKind kind = tokens_[at_].kind;
            const int level = precedence(kind);
            if (level == 0 || level < least) break;
            ++at_;
            TermPtr right = binary(level + 1);
            if (!right) return nullptr;
            left = std::make_shared<Term>(Term{kind, {}, {}, std::move(left), std::move(right)});
        }
        return left;
    }

    TermPtr operand() {
        if (at_ >= tokens_.size()) return nullptr;
        const Token& token = tokens_[at_++];
        switch (token.kind) {
            case TokenKind::kNot: {
                TermPtr inner = operand();
                if (!inner) return nullptr;
                return std::make_shared<Term>(Term{token.kind, {}, {}, {}, std::move(inner)});
            }
            case TokenKind::kOpen: {
                TermPtr inner = binary(1);
                if (!inner || at_ >= tokens_.size()) return nullptr;
                return tokens_[at_++].kind == TokenKind::kClose ? inner : nullptr;
            }
            case TokenKind::kRegex: {
                auto regex = Regex::from_literal(token.text);
                if (!regex) return nullptr;
                return std::make_shared<Term>(Term{token.kind, token.text, regex, {}, {}});
            }
            case TokenKind::kInput:
            case TokenKind::kVariable:
            case TokenKind::kString:
            case TokenKind::kNull:
            case TokenKind::kTrue:
            case TokenKind::kFalse:
                return std::make_shared<Term>(Term{token.kind, token.text, {}, {}, {}});
            default: return nullptr;
        }
    }

    const std::vector<Token>& tokens_;
    std::size_t at_ = 0;
};

}  // namespace

std::shared_ptr<const Term> parse_tokens(const std::vector<Token>& tokens) {
    return Parser(tokens).all();
}

}  // namespace runner::pipeline::expression
