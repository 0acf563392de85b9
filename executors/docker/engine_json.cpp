#include "executors/docker/engine_json.hpp"

#include <cctype>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace executors::docker {

using nlohmann::json;

base::Result<json> parse_engine_json(std::string_view body, std::string_view what) {
    json value = base::parse_foreign_json(body);
    if (value.is_discarded()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the Docker engine's answer about " + std::string(what) +
                                    " is not JSON; is something else listening at its address?");
    }
    return json_value(std::move(value));
}

bool flag_at(const json& object, const char* key) {
    if (!object.is_object()) return false;
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}

int number_at(const json& object, const char* key) {
    if (!object.is_object()) return 0;
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

const json& object_at(const json& object, const char* key) {
    static const json kEmpty = json::object();
    if (!object.is_object()) return kEmpty;
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : kEmpty;
}

std::vector<std::string> texts_at(const json& object, const char* key) {
    std::vector<std::string> texts;
    if (!object.is_object()) return texts;
    const auto found = object.find(key);
    if (found == object.end()) return texts;
    if (found->is_string()) texts.push_back(found->get<std::string>());
    if (found->is_array()) {
        for (const auto& item : *found) {
            if (item.is_string()) texts.push_back(item.get<std::string>());
        }
    }
    return texts;
}

std::vector<std::string> keys_at(const json& object, const char* key) {
    std::vector<std::string> keys;
    for (const auto& item : object_at(object, key).items()) keys.push_back(item.key());
    return keys;
}

std::map<std::string, std::string> labels_at(const json& object, const char* key) {
    std::map<std::string, std::string> labels;
    for (const auto& item : object_at(object, key).items()) {
        if (item.value().is_string()) labels[item.key()] = item.value().get<std::string>();
    }
    return labels;
}

bool engine_succeeded(unsigned status) { return status >= 200 && status < 400; }

base::Error engine_error(unsigned status, std::string_view body) {
    using base::ErrorKind;
    ErrorKind kind = ErrorKind::kInternal;
    switch (status) {
        case 400: kind = ErrorKind::kInvalidInput; break;
        case 401: kind = ErrorKind::kUnauthorized; break;
        case 403: kind = ErrorKind::kForbidden; break;
        case 404: kind = ErrorKind::kNotFound; break;
        case 409: kind = ErrorKind::kConflict; break;
        case 502:
        case 503:
        case 504: kind = ErrorKind::kUnavailable; break;
        default: break;
    }
    const json value = base::parse_foreign_json(body);
    std::string text = value.is_object() ? text_at(value, "message") : std::string();
    if (text.empty()) text = std::string(base::trim(body.substr(0, 500)));
    if (text.empty()) text = "status " + std::to_string(status);
    return base::make_error(kind, "Error response from daemon: " + text);
}

std::string encode_query(std::string_view text) { return base::percent_encode(text); }

}  // namespace executors::docker
