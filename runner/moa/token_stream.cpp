#include "runner/moa/token_stream.hpp"

#include <fmt/format.h>

namespace runner::moa {

namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxParts = 10'000;

}  // namespace

Outcome<void> TokenStream::advance() {
    auto token = lexer.next();
    if (!token) return token.error();
    token_ = *token;
    return {};
}

Fault TokenStream::unexpected(std::string_view wanted) const {
    const std::string seen = token_ == Token::kEnd
                                 ? "the text ends"
                                 : fmt::format("\"{}\" stands", shown(lexer.lexeme()));
    return {Fault::Kind::kParse, lexer.begin(), fmt::format("{} where {} is wanted", seen, wanted)};
}

Outcome<void> TokenStream::count_part() {
    if (++parts_ <= kMaxParts) return {};
    return Fault{Fault::Kind::kParse, lexer.begin(),
                 fmt::format("the expression has more than {} parts", kMaxParts)};
}

Outcome<void> TokenStream::enter() {
    if (++depth_ <= kMaxDepth) return {};
    return Fault{Fault::Kind::kParse, lexer.begin(),
                 fmt::format("brackets and strings are nested more than {} times", kMaxDepth)};
}

}  // namespace runner::moa
