#include "runner/script/text_expander.hpp"

#include <fmt/format.h>

#include <utility>

#include "runner/script/size_limits.hpp"
#include "runner/script/variable_expansion.hpp"

namespace runner::script {

namespace {

std::string too_large(std::string_view field, std::string_view what, std::size_t limit) {
    return fmt::format("{}: {} more than {} KiB when variables are replaced", field, what,
                       limit >> 10U);
}

}  // namespace

/// The size that `text` will have. Stops counting above the limit.
std::size_t TextExpander::measure(std::string_view field, std::string_view text,
                                  std::size_t limit) {
    std::size_t bytes = 0;
    TextPieces pieces(text);
    while (const auto piece = pieces.next()) {
        bytes += piece->is_reference ? variables_.find(piece->text).value_or("").size()
                                     : piece->text.size();
        if (bytes <= limit) continue;
        fail(too_large(field, "the text has", limit));
        break;
    }
    return bytes;
}

std::string TextExpander::replaced(std::string_view text) const {
    std::string out;
    TextPieces pieces(text);
    while (const auto piece = pieces.next()) {
        out += piece->is_reference ? variables_.find(piece->text).value_or("") : piece->text;
    }
    return out;
}

std::string TextExpander::expand(std::string_view field, std::string_view text) {
    check(field, text);
    return problem_.empty() ? replaced(text) : std::string();
}

std::string TextExpander::expand_name(std::string_view field, std::string_view name) {
    names_bytes_ += measure(field, name, kMaxNameBytes);
    if (names_bytes_ > kMaxNamesBytes) {
        fail(too_large(field, "the names of the job have together", kMaxNamesBytes));
    }
    return problem_.empty() ? replaced(name) : std::string();
}

void TextExpander::check(std::string_view field, std::string_view text) {
    charge(field, measure(field, text, kMaxTextBytes));
}

void TextExpander::charge(std::string_view field, std::size_t bytes) {
    texts_bytes_ += bytes;
    if (texts_bytes_ <= kMaxTextsBytes) return;
    fail(too_large(field, "the texts and environments of the job have together", kMaxTextsBytes));
}

void TextExpander::fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
}

}  // namespace runner::script
