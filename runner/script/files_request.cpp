#include "runner/script/files_request.hpp"

#include <fmt/format.h>

#include "runner/script/shell_writer.hpp"

namespace runner::script {

namespace {

constexpr std::string_view kDocumentEnd = "_RUNNER_FILES";

/// A line of a here-document in which the shell replaces variables, in all their forms, and nothing
/// else.
std::string expanded_line(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool command = c == '$' && at + 1 < text.size() && text[at + 1] == '(';
        if (c == '\\' || c == '`' || command) out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

/// A line of a here-document in which the shell replaces nothing.
std::string literal_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '`' || c == '$') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

FilesRequest& FilesRequest::add(std::string_view key, std::string_view text) {
    body_ += fmt::format("{} {}\n", key, literal_line(text));
    return *this;
}

FilesRequest& FilesRequest::add_expanded(std::string_view key, std::string_view text) {
    body_ += fmt::format("{} {}\n", key, expanded_line(text));
    return *this;
}

std::string FilesRequest::command(std::string_view helper) const {
    return fmt::format("{} files <<{}\n{}{}", shell_quote(helper), kDocumentEnd, body_,
                       kDocumentEnd);
}

}  // namespace runner::script
