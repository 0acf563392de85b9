#pragma once

#include <optional>

#include "base/result.hpp"

namespace protocol::http {

/// Why a peer's certificate was not accepted.
enum class CertificateFault {
    kExpired,        ///< it has
    kIssuerExpired,  ///< the certificate of one of its issuers, perhaps it as well
    kNotYetValid,
    kWrongName,
    kUnknownIssuer,  ///< no authority that is trusted here has issued it
    kOther,
};

/// The fault behind a kUnauthorized of Client; nullopt for any other error.
std::optional<CertificateFault> certificate_fault(const base::Error& error);

/// For the TLS transport: the code of an error with this verdict of OpenSSL (X509_V_ERR_…).
/// `of_issuer`: of X509_V_ERR_CERT_HAS_EXPIRED, that it is about an issuer's certificate.
boost::system::error_code certificate_error(long verdict, bool of_issuer = false);

}  // namespace protocol::http
