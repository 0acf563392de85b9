#pragma once

#include <string>

#include "base/secret.hpp"
#include "protocol/cloud_identity/renewed.hpp"
#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/object_storage/request.hpp"

namespace protocol::cloud_identity {

/// A bearer token.
using TokenSource = Source<base::Secret>;
using ExpiringToken = Expiring<base::Secret>;

/// The fields access_token and expires_in (seconds, a number or a text) of an answer. kProtocol
/// when they are not there, or when the token has a character that a header cannot hold. Pure but
/// for the clock.
base::Result<ExpiringToken> token_in(const std::string& body);

/// Posts a form and answers the token in what comes back.
base::Task<base::Result<ExpiringToken>> post_for_token(Sender send, std::string url,
                                                       object_storage::Fields form);
/// Gets a token from an address of this machine's host.
base::Task<base::Result<ExpiringToken>> get_local_token(Sender send, std::string url,
                                                        http::Headers headers);

}  // namespace protocol::cloud_identity
