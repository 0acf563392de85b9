#pragma once

#include <memory>
#include <string>

#include "protocol/http/stream.hpp"

namespace protocol::http {

/// A stream whose first bytes, `unread`, were read already: they are read again, then what follows.
std::unique_ptr<ByteStream> rest_of_stream(std::shared_ptr<ByteStream> stream, std::string unread);

}  // namespace protocol::http
