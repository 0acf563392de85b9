#include "protocol/http/certificate_end.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>

#include "base/files.hpp"
#include "protocol/http/connector.hpp"
#include "protocol/http/x509_time.hpp"

namespace protocol::http {

using base::ErrorKind;

base::Task<base::Result<std::int64_t>> certificate_end(boost::asio::any_io_executor executor,
                                                       ClientOptions options) {
    auto url = parse_url(options.endpoint);
    if (!url) co_return url.error();
    if (url->origin.scheme != Scheme::kHttps)
        co_return base::make_error(ErrorKind::kInvalidInput, options.endpoint + " is not https");
    ProxySettings proxies;
    if (options.proxy_from_environment) {
        auto read = ProxySettings::from_environment(environment_value);
        if (!read) co_return read.error();
        proxies = std::move(*read);
    }
    Connector connector(options, std::move(proxies));
    Watchdog watchdog(executor, std::chrono::steady_clock::now() + options.total_limit);
    auto transport = co_await connector.connect(url->origin, watchdog);
    if (!transport) co_return transport.error();
    co_return (*transport)->certificate_end();
}

base::Result<std::int64_t> certificate_file_end(const std::string& path) {
    auto text = base::read_file(path);
    if (!text) return text.error();
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
    std::optional<std::int64_t> earliest;
    while (X509* raw = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)) {
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(raw, X509_free);
        const auto end = x509_end(*certificate);
        earliest = std::min(end, earliest.value_or(end));
    }
    ERR_clear_error();
    if (earliest) return *earliest;
    return base::make_error(ErrorKind::kInvalidInput,
                            "\"" + path + "\" has no certificate in PEM form");
}

}  // namespace protocol::http
