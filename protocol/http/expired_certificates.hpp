#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <string>

/// Internal to protocol/http.
namespace protocol::http {

struct ExpiredCertificates {
    std::string text;  ///< whose, and when: `of the authority "CN=a" on 2026-01-01T00:00:00Z`
    bool of_authority = false;  ///< not only the server's own
};

/// Which certificates of a chain, the server's first, have ended at `now` (seconds since 1970).
ExpiredCertificates expired_certificates(const STACK_OF(X509) * chain, std::int64_t now);

}  // namespace protocol::http
