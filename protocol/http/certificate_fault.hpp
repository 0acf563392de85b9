#pragma once

#include <optional>

#include "base/result.hpp"

namespace protocol::http {

/// Why a peer's certificate was not accepted.
enum class CertificateFault {
    kExpired,  ///< it, or the certificate of one of its issuers
    kNotYetValid,
    kWrongName,
    kUnknownIssuer,  ///< no authority that is trusted here has issued it
    kOther,
};

/// The fault behind a kUnauthorized of Client; nullopt for any other error.
std::optional<CertificateFault> certificate_fault(const base::Error& error);

/// For the TLS transport: the code of an error with this verdict of OpenSSL (X509_V_ERR_…).
boost::system::error_code certificate_error(long verdict);

}  // namespace protocol::http
