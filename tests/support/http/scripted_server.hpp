#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tests {

/// One accepted connection, seen from the server: blocking, with nothing of the program under test
/// in it.
class Peer {
  public:
    virtual ~Peer() = default;
    /// At most so many bytes; "" at the end.
    virtual std::string read_some(std::size_t limit) = 0;
    virtual void write(std::string_view bytes) = 0;
    /// Closes without ceremony: a TLS peer says no goodbye, unread bytes cause a reset.
    virtual void drop() = 0;
    [[nodiscard]] virtual int descriptor() const = 0;

    /// Up to and including `end`; shorter when the peer closes first. What came behind it is kept.
    std::string read_until(std::string_view end);
    std::string read_exactly(std::size_t count);
    /// Head and body (Content-Length or chunked, decoded) of the next request; both "" at the end.
    struct Request {
        std::string head;
        std::string body;
        [[nodiscard]] bool empty() const { return head.empty(); }
        [[nodiscard]] std::string line() const { return head.substr(0, head.find("\r\n")); }
        [[nodiscard]] std::string field(std::string_view name) const;
    };
    Request read_request();
    /// One byte at a time, each on its own.
    void dribble(std::string_view bytes);
    /// "HTTP/1.1 <status>\r\n<fields>Content-Length: …\r\n\r\n<body>".
    void answer(std::string_view status, std::string_view body, std::string_view fields = "");

  private:
    std::string read_chunked();
    std::string kept_;
};

struct TlsFiles {
    std::string cert;
    std::string key;
    std::string client_ca;  ///< "" : no client certificate is asked for
};

/// A real server on the loopback interface or a unix socket, which does what a test tells it: one
/// thread per connection runs the script, and the connection is closed when the script ends. A
/// script that writes to a variable of the test writes to one that no other connection writes to.
class ScriptedServer {
  public:
    using Script = std::function<void(Peer&, int connection)>;  ///< connections count from 1

    explicit ScriptedServer(Script script, const TlsFiles* tls = nullptr);
    ScriptedServer(const std::string& unix_path, Script script);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view host = "127.0.0.1") const;
    [[nodiscard]] int connections() const { return count_; }

  private:
    void start();
    void accept_loop();
    void serve(int fd, int number);

    Script script_;
    std::shared_ptr<void> tls_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> count_ = 0;
    std::mutex mutex_;
    std::list<int> open_;
    std::vector<std::thread> sessions_;
    std::thread acceptor_;
};

/// A proxy's tunnel: connects to the port, sends `greeting` to the peer, and copies both ways until
/// one ends.
void relay(Peer& peer, std::uint16_t port, std::string_view greeting);

/// A port of the loopback interface on which nobody listens.
std::uint16_t unused_port();

/// Makes, with the openssl program: ca.pem, and server.pem/.key, other.pem/.key, client.pem/.key
/// signed by it. The server's certificate is for "localhost" and 127.0.0.1, the other for
/// other.example, the client's for no server.
void make_certificates(const std::string& directory);

}  // namespace tests
