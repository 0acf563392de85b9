#include "runner/secrets/json_strings.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/strings.hpp"

namespace runner::secrets {

namespace {

using nlohmann::json;

void take_string(std::vector<std::string>& strings, const std::string& text) {
    const std::string_view trimmed = base::trim(text);
    if (trimmed.size() >= kMinStringBytes) strings.emplace_back(trimmed);
}

}  // namespace

std::vector<std::string> strings_in_json(std::string_view value) {
    std::vector<std::string> strings;
    const json document = base::parse_foreign_json(value);
    if (document.is_string()) take_string(strings, document.get_ref<const std::string&>());
    std::vector<const json*> level;
    if (document.is_structured()) level.push_back(&document);
    for (int depth = 0; depth < kMostLevels && !level.empty(); ++depth) {
        std::vector<const json*> next;
        for (const json* container : level) {
            for (const json& member : *container) {
                if (strings.size() == kMostStrings) return strings;
                if (member.is_string()) take_string(strings, member.get_ref<const std::string&>());
                if (member.is_structured()) next.push_back(&member);
            }
        }
        level = std::move(next);
    }
    return strings;
}

}  // namespace runner::secrets
