#include "protocol/http/tls_transport.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <tuple>
#include <utility>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "protocol/http/certificate_fault.hpp"
#include "protocol/http/expired_certificates.hpp"
#include "protocol/http/x509_time.hpp"

// OpenSSL reads and writes the non-blocking socket itself; Asio only waits until it is ready. So
// there are no buffers between the two, no copies, and no memory that an idle connection keeps.
namespace protocol::http {

namespace asio = boost::asio;

namespace {

// The socket BIO of OpenSSL writes without MSG_NOSIGNAL: SIGPIPE would end the process when the
// peer has closed.
int bio_write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
    const auto sent = ::send(fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
    const auto got = ::recv(fd, data, static_cast<std::size_t>(size), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return 0;
}

const BIO_METHOD* bio_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    return method;
}

std::string_view remedy_for(long verdict) {
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "; use the name that the certificate was issued for";
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "; renew it, and check the clocks of both machines";
        case X509_V_ERR_INVALID_PURPOSE:
            return "; the server needs one that was issued for servers (serverAuth)";
        default:
            return "; name the certificate of the authority that issued it as CA file "
                   "(tls-ca-file)";
    }
}

class TlsTransport final : public Transport {
  public:
    TlsTransport(Socket socket, std::shared_ptr<SSL_CTX> context)
        : socket_(std::move(socket)), context_(std::move(context)), ssl_(SSL_new(context_.get())) {
        BIO* bio = BIO_new(bio_method());
        BIO_set_data(bio, reinterpret_cast<void*>(std::intptr_t{socket_.native_handle()}));
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl_, bio, bio);
    }
    /// Within another TLS, whose socket it takes. OpenSSL passes the bytes through both.
    TlsTransport(std::unique_ptr<TlsTransport> outer, std::shared_ptr<SSL_CTX> context)
        : socket_(std::move(outer->socket_)),
          outer_(std::move(outer)),
          context_(std::move(context)),
          ssl_(SSL_new(context_.get())) {
        BIO* bio = BIO_new(BIO_f_ssl());
        // BIO_set_ssl() is a macro with an old-style cast.
        BIO_ctrl(bio, BIO_C_SET_SSL, BIO_NOCLOSE, outer_->ssl_);
        SSL_set_bio(ssl_, bio, bio);
    }
    ~TlsTransport() override {
        send_close_notify();
        SSL_free(ssl_);
    }
    TlsTransport(const TlsTransport&) = delete;
    TlsTransport& operator=(const TlsTransport&) = delete;

    base::Task<base::Result<void>> handshake(const Origin& origin, bool verify);
    base::Task<base::Result<void>> accept() override;

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        while (true) {
            std::size_t count = 0;
            ERR_clear_error();
            const int answer = SSL_read_ex(ssl_, target.data(), target.size(), &count);
            if (answer == 1) {
                auto yielded = co_await yield_sometimes();
                if (!yielded) co_return yielded.error();
                co_return count;
            }
            const int why = SSL_get_error(ssl_, answer);
            if (why == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
            auto ready = co_await wait_for(why, "read");
            if (!ready) co_return ready.error();
        }
    }

    base::Task<base::Result<void>> write_pieces(Pieces pieces) override {
        const std::size_t total = pieces[0].size() + pieces[1].size() + pieces[2].size();
        std::string joined;
        if (total <= kJoinBelow) {
            for (const auto piece : pieces) joined += piece;
            pieces = {joined, {}, {}};
        }
        for (const auto piece : pieces) {
            auto written = co_await write_one(piece);
            if (!written) co_return written.error();
        }
        co_return base::Result<void>();
    }

    bool has_unread_input() override {
        if (!socket_.is_open()) return true;
        // The bytes may be a session ticket, which is not input: SSL_peek_ex() consumes it.
        char byte = 0;
        std::size_t count = 0;
        ERR_clear_error();
        const int answer = SSL_peek_ex(ssl_, &byte, 1, &count);
        return answer == 1 || SSL_get_error(ssl_, answer) != SSL_ERROR_WANT_READ;
    }

    void shutdown_write() override {
        if (!broken_ && socket_.is_open()) SSL_shutdown(ssl_);
        ERR_clear_error();
    }

    void close() override {
        send_close_notify();
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    [[nodiscard]] std::string peer_ca_chain() const override;
    [[nodiscard]] std::int64_t certificate_end() const override;

  private:
    static constexpr std::size_t kJoinBelow = 16U << 10U;  ///< one TLS record
    static constexpr unsigned kYieldEvery = 64;

    base::Task<base::Result<void>> write_one(std::string_view bytes) {
        while (!bytes.empty()) {
            std::size_t count = 0;
            ERR_clear_error();
            const int answer = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
            if (answer == 1) {
                bytes.remove_prefix(count);
                auto yielded = co_await yield_sometimes();
                if (!yielded) co_return yielded.error();
                continue;
            }
            const int why = SSL_get_error(ssl_, answer);
            auto ready = co_await wait_for(why, "write");
            if (!ready) co_return ready.error();
        }
        co_return base::Result<void>();
    }

    /// Lets other coroutines run now and then: from a fast peer, records arrive without any wait.
    base::Task<base::Result<void>> yield_sometimes() {
        if (++records_ % kYieldEvery != 0) co_return base::Result<void>();
        const auto outcome = co_await asio::post(socket_.get_executor(), base::use_tuple);
        static_cast<void>(outcome);
        if (!socket_.is_open()) co_return closed("TLS");
        co_return base::Result<void>();
    }

    /// Waits until the socket is ready for what OpenSSL wants; any other reason is an error.
    base::Task<base::Result<void>> wait_for(int why, std::string_view doing) {
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            broken_ = true;
            co_return failure(doing);
        }
        const auto kind = why == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
        const auto outcome = co_await socket_.async_wait(kind, base::use_tuple);
        const auto& code = std::get<0>(outcome);
        if (!socket_.is_open()) co_return closed(doing);
        if (code) co_return base::make_error(code, doing);
        co_return base::Result<void>();
    }

    static base::Error closed(std::string_view doing) {
        return base::make_error(asio::error::operation_aborted, doing);
    }

    static base::Error failure(std::string_view doing) {
        const int saved = errno;
        const unsigned long code = ERR_peek_last_error();
        if (code == 0 && saved != 0) return base::errno_error(saved, doing);
        if (code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            ERR_clear_error();
            return base::make_error(
                base::ErrorKind::kUnavailable,
                std::string(doing) + ": the peer ended the connection abruptly");
        }
        return base::make_error(base::ErrorKind::kUnavailable,
                                std::string(doing) + ": TLS: " + take_tls_error());
    }

    /// Tells the peer that the connection ends, if that is possible at once; does not wait for its
    /// answer.
    void send_close_notify() {
        if (!broken_ && established_ && socket_.is_open()) SSL_shutdown(ssl_);
        established_ = false;
        ERR_clear_error();
    }

    base::Error handshake_error(const Origin& origin) const;
    base::Error distrust(const std::string& who, long verdict) const;
    [[nodiscard]] const STACK_OF(X509) * peer_chain() const;

    Socket socket_;
    std::unique_ptr<TlsTransport> outer_;  ///< without its socket; null when there is one TLS
    std::shared_ptr<SSL_CTX> context_;
    SSL* ssl_;
    unsigned records_ = 0;
    bool established_ = false;
    bool broken_ = false;
};

base::Task<base::Result<void>> TlsTransport::handshake(const Origin& origin, bool verify) {
    if (base::is_ip_address(origin.host)) {
        if (verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), origin.host.c_str());
    } else {
        // SSL_set_tlsext_host_name() is a macro with an old-style cast.
        std::string name = origin.host;
        SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
        SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (verify) SSL_set1_host(ssl_, origin.host.c_str());
    }
    const std::string doing = "TLS handshake with " + origin.address();
    while (true) {
        ERR_clear_error();
        errno = 0;
        const int answer = SSL_connect(ssl_);
        if (answer == 1) break;
        const int why = SSL_get_error(ssl_, answer);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            broken_ = true;
            co_return handshake_error(origin);
        }
        auto ready = co_await wait_for(why, doing);
        if (!ready) co_return ready.error();
    }
    established_ = true;
    co_return base::Result<void>();
}

base::Task<base::Result<void>> TlsTransport::accept() {
    while (true) {
        ERR_clear_error();
        errno = 0;
        const int answer = SSL_accept(ssl_);
        if (answer == 1) break;
        const int why = SSL_get_error(ssl_, answer);
        auto ready = co_await wait_for(why, "TLS handshake");
        if (!ready) co_return ready.error();
    }
    established_ = true;
    co_return base::Result<void>();
}

base::Error TlsTransport::handshake_error(const Origin& origin) const {
    const std::string who = "TLS with " + origin.address() + ": ";
    const unsigned long code = ERR_peek_last_error();
    const long verdict = SSL_get_verify_result(ssl_);
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        ERR_clear_error();
        return distrust(who, verdict);
    }
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER) {
        ERR_clear_error();
        return base::make_error(base::ErrorKind::kUnavailable,
                                who + "the peer does not speak TLS; is it http:// there?");
    }
    if (ERR_GET_REASON(code) == SSL_R_TLSV1_ALERT_UNKNOWN_CA ||
        ERR_GET_REASON(code) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
        ERR_GET_REASON(code) == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE) {
        return base::make_error(
            base::ErrorKind::kUnauthorized,
            who + "the server refuses our client certificate (" + take_tls_error() + ")");
    }
    return failure("TLS handshake with " + origin.address());
}

base::Error TlsTransport::distrust(const std::string& who, long verdict) const {
    std::string why = X509_verify_cert_error_string(verdict);
    bool of_authority = false;
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED) {
        const auto expired =
            expired_certificates(peer_chain(), base::unix_micros_now() / 1'000'000);
        if (!expired.text.empty()) why += ": that " + expired.text;
        of_authority = expired.of_authority;
    }
    return base::Error{
        base::ErrorKind::kUnauthorized,
        who + "the certificate is not trusted (" + why + ")" + std::string(remedy_for(verdict)),
        certificate_error(verdict, of_authority)};
}

/// What was verified, else what the peer has sent; null for none.
const STACK_OF(X509) * TlsTransport::peer_chain() const {
    const STACK_OF(X509)* verified = SSL_get0_verified_chain(ssl_);
    return verified != nullptr ? verified : SSL_get_peer_cert_chain(ssl_);
}

std::int64_t TlsTransport::certificate_end() const {
    const STACK_OF(X509)* chain = peer_chain();
    const int count = chain == nullptr ? 0 : sk_X509_num(chain);
    std::int64_t earliest = 0;
    for (int i = 0; i < count; ++i) {
        const auto end = x509_end(*sk_X509_value(chain, i));
        earliest = i == 0 ? end : std::min(earliest, end);
    }
    return earliest;
}

std::string TlsTransport::peer_ca_chain() const {
    const STACK_OF(X509)* chain = peer_chain();
    if (chain == nullptr) return {};
    const int count = sk_X509_num(chain);
    std::string text;
    // A chain of one certificate is self-signed: the certificate is its own issuer.
    for (int i = count > 1 ? 1 : 0; i < count; ++i) text += pem_of(sk_X509_value(chain, i));
    return text;
}

}  // namespace

std::unique_ptr<Transport> make_tls_server_transport(Socket socket,
                                                     std::shared_ptr<SSL_CTX> context) {
    return std::make_unique<TlsTransport>(std::move(socket), std::move(context));
}

namespace {

base::Task<base::Result<std::unique_ptr<Transport>>> shake_hands(
    std::unique_ptr<TlsTransport> transport, Origin origin, bool verify, Watchdog& watchdog) {
    auto* raw = transport.get();
    const Guard guard(watchdog, [raw] { raw->close(); });
    auto established = co_await transport->handshake(origin, verify);
    if (!established) co_return established.error();
    co_return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace

base::Task<base::Result<std::unique_ptr<Transport>>> start_tls(Socket socket,
                                                               std::shared_ptr<SSL_CTX> context,
                                                               Origin origin, bool verify,
                                                               Watchdog& watchdog) {
    auto transport = std::make_unique<TlsTransport>(std::move(socket), std::move(context));
    return shake_hands(std::move(transport), std::move(origin), verify, watchdog);
}

base::Task<base::Result<std::unique_ptr<Transport>>> start_tls_within(
    std::unique_ptr<Transport> outer, std::shared_ptr<SSL_CTX> context, Origin origin, bool verify,
    Watchdog& watchdog) {
    std::unique_ptr<TlsTransport> first(&dynamic_cast<TlsTransport&>(*outer.release()));
    auto transport = std::make_unique<TlsTransport>(std::move(first), std::move(context));
    return shake_hands(std::move(transport), std::move(origin), verify, watchdog);
}

}  // namespace protocol::http
