#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace protocol::http {

/// A key that was made now and never leaves the process, and a certificate for it that a peer can
/// trust when it is given to it.
struct SelfSigned {
    std::string certificate;           ///< PEM
    std::shared_ptr<SSL_CTX> context;  ///< of a server that presents it
};

/// `host`: the name or IP address by which the peer connects. The certificate is valid for ten
/// years from yesterday on, because the clocks of two machines differ.
base::Result<SelfSigned> make_self_signed(const std::string& host);

}  // namespace protocol::http
