#include "protocol/http/self_signed.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/ip_address.hpp"
#include "base/random.hpp"
#include "protocol/http/tls_context.hpp"

namespace protocol::http {

namespace {

constexpr long kDay = 24L * 60 * 60;
constexpr long kValidDays = 3650;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

bool add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (made == nullptr) return false;
    const bool added = X509_add_ext(certificate, made, -1) == 1;
    X509_EXTENSION_free(made);
    return added;
}

bool set_names(X509* certificate, const std::string& host) {
    // The text of a subject has at most 64 characters; peers look at the alternative name.
    const std::string common = host.substr(0, 64);
    const auto* text = reinterpret_cast<const unsigned char*>(common.c_str());
    X509_NAME* name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           add_extension(certificate, NID_subject_alt_name,
                         (base::is_ip_address(host) ? "IP:" : "DNS:") + host);
}

bool set_number(X509* certificate) {
    BIGNUM* number = nullptr;
    if (BN_hex2bn(&number, ("1" + base::random_hex(15)).c_str()) == 0) return false;
    const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return set;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& host) {
    return X509_set_version(certificate, 2) == 1 && set_number(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), kValidDays * kDay) != nullptr &&
           X509_set_pubkey(certificate, key) == 1 && set_names(certificate, host) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           X509_sign(certificate, key, EVP_sha256()) != 0;
}

}  // namespace

base::Result<SelfSigned> make_self_signed(const std::string& host) {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate certificate(X509_new(), X509_free);
    SelfSigned made;
    if (key && certificate && host.find_first_of(",\n\r") == std::string::npos &&
        fill(certificate.get(), key.get(), host)) {
        made.context = make_server_context(certificate.get(), key.get());
        made.certificate = pem_of(certificate.get());
    }
    if (!made.context || made.certificate.empty()) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "make a certificate for \"" + host + "\": " + take_tls_error());
    }
    return made;
}

}  // namespace protocol::http
