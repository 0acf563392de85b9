#include "protocol/http/certificate_fault.hpp"

#include <openssl/x509_vfy.h>

#include <string>

namespace protocol::http {

namespace {

/// Added to a verdict that is about an issuer; above all of OpenSSL's.
constexpr int kOfIssuer = 10'000;

// Boost's base class has no virtual destructor, and no category is destroyed through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class CertificateCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "certificate"; }
    [[nodiscard]] std::string message(int verdict) const override {
        return X509_verify_cert_error_string(verdict % kOfIssuer);
    }
};
#pragma GCC diagnostic pop

const CertificateCategory& category() {
    static const CertificateCategory instance;
    return instance;
}

}  // namespace

boost::system::error_code certificate_error(long verdict, bool of_issuer) {
    return {static_cast<int>(verdict) + (of_issuer ? kOfIssuer : 0), category()};
}

std::optional<CertificateFault> certificate_fault(const base::Error& error) {
    if (error.code.category() != category()) return std::nullopt;
    switch (error.code.value()) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return CertificateFault::kExpired;
        case X509_V_ERR_CERT_HAS_EXPIRED + kOfIssuer: return CertificateFault::kIssuerExpired;
        case X509_V_ERR_CERT_NOT_YET_VALID: return CertificateFault::kNotYetValid;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return CertificateFault::kWrongName;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return CertificateFault::kUnknownIssuer;
        default: return CertificateFault::kOther;
    }
}

}  // namespace protocol::http
