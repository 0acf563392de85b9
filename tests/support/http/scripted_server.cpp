#include "tests/support/http/scripted_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace tests {

namespace {

void require(bool fine, const char* what) {
    if (!fine) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

class PlainPeer final : public Peer {
  public:
    explicit PlainPeer(int fd) : fd_(fd) {}
    std::string read_some(std::size_t limit) override {
        std::string bytes(limit, '\0');
        const auto got = ::recv(fd_, bytes.data(), limit, 0);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void drop() override {
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::shutdown(fd_, SHUT_RDWR);
    }
    [[nodiscard]] int descriptor() const override { return fd_; }

  private:
    int fd_;
};

class TlsPeer final : public Peer {
  public:
    TlsPeer(int fd, SSL_CTX* context) : fd_(fd), ssl_(SSL_new(context)) {
        SSL_set_fd(ssl_, fd);
        alive_ = SSL_accept(ssl_) == 1;
    }
    ~TlsPeer() override {
        if (alive_) SSL_shutdown(ssl_);
        SSL_free(ssl_);
    }
    TlsPeer(const TlsPeer&) = delete;
    TlsPeer& operator=(const TlsPeer&) = delete;
    [[nodiscard]] bool alive() const { return alive_; }
    std::string read_some(std::size_t limit) override {
        std::string bytes(limit, '\0');
        const int got = alive_ ? SSL_read(ssl_, bytes.data(), static_cast<int>(limit)) : 0;
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    void write(std::string_view bytes) override {
        if (alive_ && !bytes.empty()) SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    }
    void drop() override {
        alive_ = false;
        ::shutdown(fd_, SHUT_RDWR);
    }
    [[nodiscard]] int descriptor() const override { return fd_; }

  private:
    int fd_;
    SSL* ssl_;
    bool alive_ = false;
};

std::shared_ptr<void> server_context(const TlsFiles& files) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    require(SSL_CTX_use_certificate_chain_file(context.get(), files.cert.c_str()) == 1,
            "certificate");
    require(SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1,
            "key");
    if (!files.client_ca.empty()) {
        SSL_CTX_load_verify_locations(context.get(), files.client_ca.c_str(), nullptr);
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
    }
    return context;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

int loopback_listener(std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    require(::bind(fd, generic, sizeof address) == 0, "bind");
    socklen_t size = sizeof address;
    require(::getsockname(fd, generic, &size) == 0, "getsockname");
    port = ntohs(address.sin_port);
    return fd;
}

}  // namespace

std::string Peer::read_until(std::string_view end) {
    while (kept_.find(end) == std::string::npos) {
        const std::string more = read_some(16384);
        if (more.empty()) return std::exchange(kept_, std::string());
        kept_ += more;
    }
    const auto size = kept_.find(end) + end.size();
    std::string bytes = kept_.substr(0, size);
    kept_.erase(0, size);
    return bytes;
}

std::string Peer::read_exactly(std::size_t count) {
    while (kept_.size() < count) {
        const std::string more = read_some(1U << 16U);
        if (more.empty()) break;
        kept_ += more;
    }
    std::string bytes = kept_.substr(0, count);
    kept_.erase(0, bytes.size());
    return bytes;
}

std::string Peer::Request::field(std::string_view name) const {
    const std::string wanted = "\r\n" + lower(std::string(name)) + ": ";
    const auto at = lower(head).find(wanted);
    if (at == std::string::npos) return {};
    const auto begin = at + wanted.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string Peer::read_chunked() {
    std::string body;
    while (true) {
        const std::string size = read_until("\r\n");
        if (size.empty()) return body;
        const auto count = std::strtoul(size.c_str(), nullptr, 16);
        body += read_exactly(count);
        read_until("\r\n");
        if (count == 0) return body;
    }
}

Peer::Request Peer::read_request() {
    Request request;
    request.head = read_until("\r\n\r\n");
    const std::string length = request.field("Content-Length");
    if (!length.empty()) request.body = read_exactly(std::strtoul(length.c_str(), nullptr, 10));
    if (request.field("Transfer-Encoding") == "chunked") request.body = read_chunked();
    return request;
}

void Peer::dribble(std::string_view bytes) {
    for (const char c : bytes) {
        write({&c, 1});
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

void Peer::answer(std::string_view status, std::string_view body, std::string_view fields) {
    std::string text = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields);
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    write(text);
}

ScriptedServer::ScriptedServer(Script script, const TlsFiles* tls) : script_(std::move(script)) {
    if (tls != nullptr) tls_ = server_context(*tls);
    listener_ = loopback_listener(port_);
    start();
}

ScriptedServer::ScriptedServer(const std::string& unix_path, Script script)
    : script_(std::move(script)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener_ >= 0, "socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    require(::bind(listener_, generic, sizeof address) == 0, "bind");
    start();
}

void ScriptedServer::start() {
    std::signal(SIGPIPE, SIG_IGN);
    require(::listen(listener_, 64) == 0, "listen");
    acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedServer::~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
        const std::lock_guard lock(mutex_);
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& session : sessions_) session.join();
}

std::string ScriptedServer::url(std::string_view host) const {
    return (tls_ ? "https://" : "http://") + std::string(host) + ":" + std::to_string(port_);
}

void ScriptedServer::accept_loop() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const std::lock_guard lock(mutex_);
        open_.push_back(fd);
        sessions_.emplace_back([this, fd, number = ++count_] { serve(fd, number); });
    }
}

void ScriptedServer::serve(int fd, int number) {
    if (tls_) {
        TlsPeer peer(fd, static_cast<SSL_CTX*>(tls_.get()));
        if (peer.alive()) script_(peer, number);
    } else {
        PlainPeer peer(fd);
        script_(peer, number);
    }
    const std::lock_guard lock(mutex_);
    open_.remove(fd);
    ::close(fd);
}

void relay(Peer& peer, std::uint16_t port, std::string_view greeting) {
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    require(::connect(other, generic, sizeof address) == 0, "connect");
    peer.write(greeting);
    std::array<pollfd, 2> ends{{{peer.descriptor(), POLLIN, 0}, {other, POLLIN, 0}}};
    std::array<char, 16384> bytes{};
    const auto send_all = [other](std::string_view piece) {
        while (!piece.empty()) {
            const auto step = ::send(other, piece.data(), piece.size(), MSG_NOSIGNAL);
            if (step <= 0) return;
            piece.remove_prefix(static_cast<std::size_t>(step));
        }
    };
    while (::poll(ends.data(), ends.size(), -1) > 0) {
        // The peer may speak TLS, so its bytes are not those of its socket.
        const std::string from_peer = ends[0].revents != 0 ? peer.read_some(bytes.size()) : "";
        if (ends[0].revents != 0 && from_peer.empty()) break;
        send_all(from_peer);
        if (ends[1].revents == 0) continue;
        const auto count = ::recv(other, bytes.data(), bytes.size(), 0);
        if (count <= 0) break;
        peer.write({bytes.data(), static_cast<std::size_t>(count)});
    }
    ::close(other);
}

std::uint16_t unused_port() {
    std::uint16_t port = 0;
    ::close(loopback_listener(port));
    return port;
}

void make_certificates(const std::string& directory) {
    const std::string script = "cd '" + directory + R"(' && exec 2>/dev/null && set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
    -subj '/CN=Test Authority'
leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1"
    printf '%s\n' "$2" > $1.ext
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem -days 2 -extfile $1.ext
}
leaf server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
leaf other 'subjectAltName=DNS:other.example'
leaf client 'extendedKeyUsage=clientAuth'
)";
    require(std::system(script.c_str()) == 0, "openssl");
}

}  // namespace tests
