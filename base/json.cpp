#include "base/json.hpp"

template class nlohmann::basic_json<>;

namespace nlohmann::detail {
template class serializer<json>;
template class parser<json, iterator_input_adapter<std::string::const_iterator>>;
template class parser<json, iterator_input_adapter<const char*>>;
}  // namespace nlohmann::detail

namespace base {

namespace {

template <typename Json>
std::string dump_lossy(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

bool nests_too_deeply(std::string_view text) {
    constexpr int kMostLevels = 100;
    int level = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') quoted = !quoted;
        if (quoted) {
            if (c == '\\') ++i;
            continue;
        }
        if ((c == '[' || c == '{') && ++level > kMostLevels) return true;
        if (c == ']' || c == '}') --level;
    }
    return false;
}

nlohmann::json parse_foreign_json(std::string_view text) {
    if (nests_too_deeply(text)) return nlohmann::json::value_t::discarded;
    return nlohmann::json::parse(text.data(), text.data() + text.size(), nullptr, false);
}

std::string dump_json(const nlohmann::json& value, int indent) { return dump_lossy(value, indent); }

std::string dump_json(const nlohmann::ordered_json& value, int indent) {
    return dump_lossy(value, indent);
}

}  // namespace base
