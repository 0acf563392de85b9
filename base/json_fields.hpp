#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

/// Readers for JSON that somebody else has written, where any field may be missing, null or of
/// another type. Pure; no failure.
namespace base {

/// The text at `key`; "" when `object` is no object, or has no text there.
std::string text_at(const nlohmann::json& object, const char* key);

/// The value at `key`; null when `object` is no object, or has none.
const nlohmann::json& value_at(const nlohmann::json& object, const char* key);

}  // namespace base
