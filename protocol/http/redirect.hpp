#pragma once

#include <optional>

#include "protocol/http/message.hpp"
#include "protocol/http/url.hpp"

namespace protocol::http {

/// Whether `answer` is a redirect that can be followed; then `request` and `here` become the next
/// request. 307 and 308 repeat method and body; 301, 302 and 303 turn POST into GET. Not followed
/// are: a redirect of a request with a source, which cannot be repeated; one from or to a unix
/// socket; a Location that cannot be used. Credentials are not sent to another host: RUNNER-TOKEN,
/// JOB-TOKEN, PRIVATE-TOKEN, Authorization, Cookie and X-Registry-Auth are removed when scheme,
/// host or port change (except from http to https on the same host with the default ports).
bool follow_redirect(const Response& answer, Request& request, Url& here);

}  // namespace protocol::http
