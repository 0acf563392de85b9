#include "protocol/http/expired_certificates.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>

#include <memory>

#include "base/clock.hpp"
#include "protocol/http/x509_time.hpp"

namespace protocol::http {

namespace {

/// "CN=Test Authority,O=Company"
std::string subject_of(const X509& certificate) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(memory.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

ExpiredCertificates expired_certificates(const STACK_OF(X509) * chain, std::int64_t now) {
    ExpiredCertificates expired;
    const int count = chain == nullptr ? 0 : sk_X509_num(chain);
    for (int i = 0; i < count; ++i) {
        const X509& certificate = *sk_X509_value(chain, i);
        const auto end = x509_end(certificate);
        if (end > now) continue;
        expired.of_authority = expired.of_authority || i > 0;
        expired.text += fmt::format("{}of the {} \"{}\" on {}", expired.text.empty() ? "" : ", ",
                                    i == 0 ? "server" : "authority", subject_of(certificate),
                                    base::rfc3339_utc(end));
    }
    return expired;
}

}  // namespace protocol::http
