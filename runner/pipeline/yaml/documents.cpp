#include "runner/pipeline/yaml/documents.hpp"

#include <algorithm>
#include <string>

#include "base/strings.hpp"

namespace runner::pipeline::yaml {
namespace {

constexpr std::size_t kMostParts = 3;

bool is_separator(std::string_view line) {
    if (!line.starts_with("---")) return false;
    return line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r';
}

}  // namespace

std::vector<DocumentText> split_documents(std::string_view text) {
    std::vector<DocumentText> parts;
    std::size_t part_start = 0;
    std::uint32_t part_line = 1;
    std::uint32_t line_number = 1;
    std::size_t at = 0;
    while (at < text.size() && parts.size() + 1 < kMostParts) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (is_separator(text.substr(at, end - at))) {
            parts.push_back({text.substr(part_start, at - part_start), part_line});
            part_start = at + 3;
            part_line = line_number;
        }
        at = end + 1;
        ++line_number;
    }
    parts.push_back({text.substr(std::min(part_start, text.size())), part_line});
    if (parts.size() > 1 && base::trim(parts.front().text).empty()) parts.erase(parts.begin());
    return parts;
}

}  // namespace runner::pipeline::yaml
