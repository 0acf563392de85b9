#include "base/json_fields.hpp"

#include "base/json.hpp"

namespace base {

std::string text_at(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = value_at(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

const nlohmann::json& value_at(const nlohmann::json& object, const char* key) {
    static const nlohmann::json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found != object.end() ? *found : kNull;
}

}  // namespace base
