#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runner/moa/fault.hpp"

namespace runner::moa {

inline constexpr std::string_view kOpenExpression = "${{";

enum class Token {
    kWord,  ///< a name or a keyword
    kNumber,
    kSingleQuote,  ///< a string begins: read_single_quoted() or read_piece() reads it
    kDoubleQuote,
    kSymbol,  ///< an operator or a bracket
    kClose,   ///< the "}}" that ends the expression
    kEnd,     ///< of the text
};

/// Cuts the inside of `${{ … }}` into tokens. The parser says when an expression begins and reads
/// strings piece by piece, because a double-quoted string can have expressions in it.
/// The text must outlive the lexer.
class Lexer {
  public:
    /// How a piece of a double-quoted string ends.
    enum class PieceEnd { kQuote, kExpression };

    Lexer(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    /// An expression begins here: behind "${{".
    void open_expression() { open_braces_.push_back(0); }
    /// Reads the next token; the functions below tell about it.
    Outcome<Token> next();
    [[nodiscard]] std::string_view lexeme() const { return lexeme_; }
    [[nodiscard]] std::size_t begin() const { return begin_; }  ///< of the token, in bytes
    [[nodiscard]] std::size_t at() const { return at_; }        ///< the byte behind the token
    /// The byte behind the token, 0 at the end.
    [[nodiscard]] char following() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    Outcome<std::string> read_single_quoted();
    /// Appends to `out` up to the closing quote or to an expression; both are read.
    Outcome<PieceEnd> read_piece(std::string& out);

  private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const;
    Token token(Token kind, std::size_t length);
    Outcome<Token> symbol();
    Token brace();
    [[nodiscard]] std::size_t number_length() const;
    Outcome<void> read_escape(std::string& out);
    Outcome<void> read_unicode_escape(std::string& out);

    std::string_view text_;
    std::size_t at_;
    std::size_t begin_ = 0;
    std::string_view lexeme_;
    std::vector<int> open_braces_;  ///< of each open expression
};

}  // namespace runner::moa
