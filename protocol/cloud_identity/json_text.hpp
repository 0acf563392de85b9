#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.hpp"

namespace protocol::cloud_identity {

/// The text of a member, "" when it is not there or no text.
inline std::string text_of(const nlohmann::json& object, const char* name) {
    const bool there = object.is_object() && object.contains(name) && object[name].is_string();
    return there ? object[name].get<std::string>() : std::string();
}

/// A member, null when it is not there.
inline nlohmann::json member(const nlohmann::json& object, const char* name) {
    return object.is_object() && object.contains(name) ? object[name] : nlohmann::json();
}

}  // namespace protocol::cloud_identity
