#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <ctime>

/// Internal to protocol/http.
namespace protocol::http {

/// When a certificate ends, in seconds since 1970.
inline std::int64_t x509_end(const X509& certificate) {
    std::tm end{};
    ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end);
    return ::timegm(&end);
}

}  // namespace protocol::http
