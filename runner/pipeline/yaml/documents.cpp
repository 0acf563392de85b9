#include "runner/pipeline/yaml/documents.hpp"

#include <algorithm>

namespace runner::pipeline::yaml {
namespace {

constexpr std::size_t kMostParts = 3;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Three dashes and white space. Three dashes at the end of the file are not a separator.
bool is_separator(std::string_view rest) {
    return rest.starts_with("---") && rest.size() > 3 && is_blank(rest[3]);
}

}  // namespace

std::vector<DocumentText> split_documents(std::string_view text) {
    std::vector<DocumentText> parts;
    std::size_t part_start = 0;
    std::uint32_t part_line = 1;
    std::uint32_t line_number = 1;
    std::size_t at = 0;
    while (at < text.size() && parts.size() + 1 < kMostParts) {
        if (is_separator(text.substr(at))) {
            parts.push_back({text.substr(part_start, at - part_start), part_line});
            // GitLab counts all white space after the dashes as part of the separator, so the next
            // document begins at the first other character.
            for (at += 3; at < text.size() && is_blank(text[at]); ++at) {
                if (text[at] == '\n') ++line_number;
            }
            part_start = at;
            part_line = line_number;
            if (text[at - 1] == '\n') continue;
        }
        at = std::min(text.find('\n', at), text.size());
        if (at == text.size()) break;
        ++at;
        ++line_number;
    }
    parts.push_back({text.substr(std::min(part_start, text.size())), part_line});
    return parts;
}

}  // namespace runner::pipeline::yaml
