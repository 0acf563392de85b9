#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/result.hpp"

/// Small readers for the engine's JSON, where any field may be null or missing.
namespace executors::docker {

/// nlohmann::json converts from and to almost every type, so the constructor of Result must be told
/// that the json is the value.
inline base::Result<nlohmann::json> json_value(nlohmann::json value) {
    return base::Result<nlohmann::json>(boost::system::in_place_value, std::move(value));
}
base::Result<nlohmann::json> parse_engine_json(std::string_view body, std::string_view what);
using base::text_at;
bool flag_at(const nlohmann::json& object, const char* key);
int number_at(const nlohmann::json& object, const char* key);
/// The object at `key`, or an empty one.
const nlohmann::json& object_at(const nlohmann::json& object, const char* key);
/// A list of strings; a single string counts as a list of one.
std::vector<std::string> texts_at(const nlohmann::json& object, const char* key);
std::vector<std::string> keys_at(const nlohmann::json& object, const char* key);
std::map<std::string, std::string> labels_at(const nlohmann::json& object, const char* key);
bool engine_succeeded(unsigned status);
/// "Error response from daemon: …" from the body of an answer that failed.
base::Error engine_error(unsigned status, std::string_view body);
std::string encode_query(std::string_view text);

}  // namespace executors::docker
