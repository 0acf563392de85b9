#pragma once

#include <string>
#include <string_view>

namespace protocol::object_storage {

/// The text of the first element `name` of an XML document, with its references replaced; "" when
/// there is none. The answers of S3, GCS and Azure are flat enough for this. Pure.
std::string xml_text(std::string_view document, std::string_view name);

/// Code and message of an error's document, "AccessDenied: Access Denied"; "" when it has none.
std::string error_text(std::string_view document);

/// `text` for the content of an element.
std::string xml_escape(std::string_view text);

}  // namespace protocol::object_storage
