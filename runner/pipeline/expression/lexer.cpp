#include "runner/pipeline/expression/lexer.hpp"

#include <array>

#include "base/strings.hpp"

namespace runner::pipeline::expression {
namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::size_t word_length(std::string_view text, bool dash = false) {
    std::size_t n = 0;
    while (n < text.size() && (is_word(text[n]) || (dash && text[n] == '-'))) ++n;
    return n;
}

/// A token at the beginning of a text, and its length there.
struct Found {
    Token token;
    std::size_t length;
};

std::optional<Found> input_block(std::string_view text) {
    if (!text.starts_with("$[[")) return std::nullopt;
    std::size_t at = 3;
    while (at < text.size() && is_blank(text[at])) ++at;
    constexpr std::string_view kInputs = "inputs.";
    if (text.substr(at, kInputs.size()) != kInputs) return std::nullopt;
    at += kInputs.size();
    const std::size_t n = word_length(text.substr(at), true);
    if (n == 0) return std::nullopt;
    const std::string name(text.substr(at, n));
    at += n;
    while (at < text.size() && is_blank(text[at])) ++at;
    if (text.substr(at, 2) != "]]") return std::nullopt;
    return Found{{TokenKind::kInput, name}, at + 2};
}

std::optional<Found> variable(std::string_view text) {
    if (text.front() != '$') return std::nullopt;
    const std::size_t n = word_length(text.substr(1));
    if (n == 0) return std::nullopt;
    return Found{{TokenKind::kVariable, std::string(text.substr(1, n))}, n + 1};
}

std::optional<Found> quoted(std::string_view text) {
    if (text.front() != '"' && text.front() != '\'') return std::nullopt;
    const std::size_t end = text.find(text.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    return Found{{TokenKind::kString, std::string(text.substr(1, end - 1))}, end + 1};
}

/// A regular expression literal, as GitLab's lexer finds it with %r{/([^/]|\\/)+[^\\]/[ismU]*}: the
/// body has at least two characters; slashes in it are escaped, except that its last character may
/// be a slash; the last character is not a backslash; the longest match counts.
std::optional<Found> regex(std::string_view text) {
    if (text.front() != '/') return std::nullopt;
    std::size_t reach = 1;  // the first group of the pattern may extend to here
    while (reach < text.size()) {
        const bool escaped = text[reach - 1] == '\\' && reach > 1;
        if (text[reach] == '/' && !escaped) break;
        ++reach;
    }
    for (std::size_t first_end = reach; first_end >= 2; --first_end) {
        if (first_end + 1 >= text.size()) continue;
        if (text[first_end] == '\\' || text[first_end + 1] != '/') continue;
        if (base::utf8_length(text.substr(1, first_end)) < 2) continue;
        std::size_t end = first_end + 2;
        while (end < text.size() && std::string_view("ismU").find(text[end]) != std::string::npos) {
            ++end;
        }
        return Found{{TokenKind::kRegex, std::string(text.substr(0, end))}, end};
    }
    return std::nullopt;
}

std::optional<Found> fixed(std::string_view text) {
    if (text.starts_with("null")) return Found{{TokenKind::kNull, {}}, 4};
    const std::size_t n = word_length(text);
    if (text.substr(0, n) == "true") return Found{{TokenKind::kTrue, {}}, n};
    if (text.substr(0, n) == "false") return Found{{TokenKind::kFalse, {}}, n};
    struct Sign {
        std::string_view text;
        TokenKind kind;
    };
    static constexpr std::array<Sign, 7> kSigns{{{"==", TokenKind::kEqual},
                                                 {"=~", TokenKind::kMatches},
                                                 {"!=", TokenKind::kNotEqual},
                                                 {"!~", TokenKind::kNotMatches},
                                                 {"&&", TokenKind::kAnd},
                                                 {"||", TokenKind::kOr},
                                                 {"!", TokenKind::kNot}}};
    for (const Sign& sign : kSigns) {
        if (text.starts_with(sign.text)) return Found{{sign.kind, {}}, sign.text.size()};
    }
    return std::nullopt;
}

std::optional<Found> next_token(std::string_view text) {
    if (text.front() == '(') return Found{{TokenKind::kOpen, {}}, 1};
    if (text.front() == ')') return Found{{TokenKind::kClose, {}}, 1};
    for (const auto& rule : {input_block, variable, quoted, regex, fixed}) {
        if (auto found = rule(text)) return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::vector<Token>> lex(std::string_view text) {
    std::vector<Token> tokens;
    for (;;) {
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
        if (text.empty()) return tokens;
        auto found = next_token(text);
        if (!found || tokens.size() == kMostTokens) return std::nullopt;
        tokens.push_back(std::move(found->token));
        text.remove_prefix(found->length);
    }
}

}  // namespace runner::pipeline::expression
