#pragma once

#include <string>
#include <string_view>

#include "protocol/http/message.hpp"

namespace protocol::gitlab {

/// Wraps `content` as the single part "file" of a multipart/form-data body, piece by piece.
/// `boundary` must not occur in the content: 30 random characters do not.
http::BodySource multipart_file(std::string boundary, std::string file_name,
                                http::BodySource content);

/// `name` as a quoted string of a header: quotes and line breaks are percent-encoded, as browsers
/// do.
std::string quote_file_name(std::string_view name);

}  // namespace protocol::gitlab
