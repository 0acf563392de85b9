#pragma once

#include <string>
#include <string_view>

#include "protocol/http/message.hpp"

namespace protocol::gitlab {

/// The body of a multipart/form-data request whose only part, "file", has the pieces of `content`.
/// `boundary` must not occur in the content; random_hex(30) is long enough for that.
http::BodySource multipart_file(std::string boundary, std::string file_name,
                                http::BodySource content);

/// `name` as a quoted string of a header: quotes and line breaks are percent-encoded, as browsers
/// do.
std::string quote_file_name(std::string_view name);

}  // namespace protocol::gitlab
