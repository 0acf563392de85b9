#pragma once

#include <optional>

#include "protocol/http/message.hpp"
#include "protocol/http/url.hpp"

namespace protocol::http {

/// Changes `request` and `here` into the next hop when `answer` sends us elsewhere, and says
/// whether it did. 307 and 308 repeat method and body; 301, 302 and 303 turn POST into GET. A
/// request with a source cannot be repeated, and a unix socket has no elsewhere: their answers are
/// final, as is a Location that cannot be used. Credentials stay with the host that they are for:
/// RUNNER-TOKEN, JOB-TOKEN, PRIVATE-TOKEN, Authorization, Cookie and X-Registry-Auth are dropped
/// when host, port or security change (http → https on the same host with the usual ports keeps
/// them).
bool follow_redirect(const Response& answer, Request& request, Url& here);

}  // namespace protocol::http
