#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/http/client.hpp"

using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;
using X509 = struct x509_st;
using EVP_PKEY = struct evp_pkey_st;

namespace protocol::http {

enum class TlsRole { kClient, kServer };

/// The TLS configuration of one client or server, made when the first connection needs it: a daemon
/// that speaks plain HTTP only never initialises OpenSSL. A server uses the certificate and its key
/// only. Strand: the I/O thread.
class TlsContext {
  public:
    explicit TlsContext(TlsSettings settings, TlsRole role = TlsRole::kClient)
        : settings_(std::move(settings)), role_(role) {}

    /// The context to connect with. Files that have changed are read again; when that fails (they
    /// may be half replaced), the last good context stays in use and a warning is logged.
    /// kInvalidInput names the file.
    base::Result<std::shared_ptr<SSL_CTX>> get();
    /// Incremented with each new context: connections of an older one must not be reused.
    [[nodiscard]] unsigned generation() const { return generation_; }
    [[nodiscard]] const TlsSettings& settings() const { return settings_; }

  private:
    [[nodiscard]] std::vector<long long> stamps() const;

    TlsSettings settings_;
    TlsRole role_;
    std::shared_ptr<SSL_CTX> context_;
    std::vector<long long> stamps_;
    unsigned generation_ = 0;
};

/// The configuration of a server with a certificate in memory; null when OpenSSL refuses it.
std::shared_ptr<SSL_CTX> make_server_context(X509* certificate, EVP_PKEY* key);

/// A certificate as PEM.
std::string pem_of(X509* certificate);

/// The newest entry of OpenSSL's error queue as text, "" when it is empty; empties the queue.
std::string take_tls_error();

}  // namespace protocol::http
