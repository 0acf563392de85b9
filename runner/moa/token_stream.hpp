#pragma once

#include <string>
#include <string_view>

#include "runner/moa/fault.hpp"
#include "runner/moa/lexer.hpp"

namespace runner::moa {

/// The token at which a parser stands, with the limits of an expression: 10,000 parts, and 100
/// levels of brackets and strings. The text must outlive it.
class TokenStream {
  public:
    TokenStream(std::string_view text, std::size_t at) : lexer(text, at) {}

    Outcome<void> advance();
    [[nodiscard]] Token token() const { return token_; }
    [[nodiscard]] bool is_symbol(std::string_view text) const {
        return token_ == Token::kSymbol && lexer.lexeme() == text;
    }
    [[nodiscard]] Fault unexpected(std::string_view wanted) const;

    Outcome<void> count_part();
    /// Call leave() at the end of what enter() began, unless the parser gives up.
    Outcome<void> enter();
    void leave() { --depth_; }

    Lexer lexer;

  private:
    Token token_ = Token::kEnd;
    int depth_ = 0;
    int parts_ = 0;
};

}  // namespace runner::moa
