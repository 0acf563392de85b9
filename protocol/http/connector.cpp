#include "protocol/http/connector.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <tuple>
#include <utility>

#include "protocol/http/program_transport.hpp"
#include "protocol/http/resolve.hpp"
#include "protocol/http/socks.hpp"
#include "protocol/http/tls_transport.hpp"
#include "protocol/http/tunnel.hpp"

namespace protocol::http {

namespace asio = boost::asio;
using base::ErrorKind;
using Endpoint = asio::generic::stream_protocol::endpoint;

namespace {

/// The longest try of one address while there are others; the last one gets all the time that is
/// left.
constexpr std::chrono::seconds kPerAddress{2};

/// Sets close-on-exec when the socket is made, because programs may be started at any time.
base::Result<Socket> open_socket(const asio::any_io_executor& executor, int family) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return base::errno_error("open a socket");
    Socket socket(executor);
    boost::system::error_code code;
    socket.assign(asio::generic::stream_protocol(family, 0), fd, code);
    if (code) {
        ::close(fd);
        return base::make_error(code, "open a socket");
    }
    return socket;
}

void tune(Socket& socket) {
    const int fd = socket.native_handle();
    const int on = 1;
    const int seconds = 30;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

base::Error tcp_failure(const boost::system::error_code& code, const std::string& where) {
    if (code == asio::error::operation_aborted)
        return base::make_error(code, "connect to " + where);
    std::string text = "connect to " + where + ": " + code.message();
    if (code == asio::error::connection_refused) {
        text += "; nothing listens there: is the server running, and is the port right?";
    } else if (code == asio::error::host_unreachable || code == asio::error::network_unreachable) {
        text += "; check this machine's network and routes";
    }
    return base::Error{ErrorKind::kUnavailable, std::move(text), code};
}

base::Error timed_out(const std::string& where) {
    return base::make_error(ErrorKind::kTimeout,
                            "connect to " + where +
                                ": no answer in time; is the address right, or does a "
                                "firewall drop the packets?");
}

base::Error slow_handshake(const Origin& origin) {
    return base::make_error(ErrorKind::kTimeout,
                            "TLS with " + origin.address() + ": the handshake did not end in time");
}

/// The certificate of the client is for the server only.
TlsSettings settings_for_proxy(const TlsSettings& settings) {
    TlsSettings out;
    out.ca_file = settings.ca_file;
    return out;
}

base::Error unix_failure(const boost::system::error_code& code, const std::string& path) {
    base::Error error = base::make_error(code, "connect to the socket " + path);
    if (code == boost::system::errc::no_such_file_or_directory) {
        error.kind = ErrorKind::kUnavailable;
        error.message += "; is the service that makes it running?";
    } else if (code == boost::system::errc::permission_denied) {
        error.message += "; this user may not use it (is a group missing?)";
    } else if (code == asio::error::connection_refused) {
        error.message += "; the file is there but nobody listens";
    }
    return error;
}

struct Attempt {
    boost::system::error_code code;
    bool overdue = false;
};

base::Task<Attempt> try_connect(Socket& socket, Endpoint endpoint, Watchdog& watchdog) {
    const Guard guard(watchdog, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    const auto outcome = co_await socket.async_connect(endpoint, base::use_tuple);
    co_return Attempt{std::get<0>(outcome), !socket.is_open()};
}

/// Connects to one address. Gives up after `limit`, so that an address without a route does not use
/// up the time for the others.
base::Task<base::Result<Socket>> connect_to(asio::any_io_executor executor,
                                            asio::ip::tcp::endpoint address, std::string where,
                                            std::chrono::nanoseconds limit) {
    auto socket = open_socket(executor, address.protocol().family());
    if (!socket) co_return socket.error();
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
    Watchdog watchdog(executor, end);
    const Endpoint target(address.data(), address.size());
    const Attempt attempt = co_await try_connect(*socket, target, watchdog);
    if (attempt.code && attempt.overdue) co_return timed_out(where);
    if (attempt.code) co_return tcp_failure(attempt.code, where);
    tune(*socket);
    co_return std::move(*socket);
}

}  // namespace

base::Task<base::Result<Socket>> dial_tcp(std::string host, std::uint16_t port, Watchdog& watchdog,
                                          std::chrono::nanoseconds limit) {
    auto executor = co_await asio::this_coro::executor;
    const std::string where = Origin{Scheme::kHttp, host, port, {}}.address();
    watchdog.allow(limit);
    const auto now = std::chrono::steady_clock::now();
    const auto until = std::min<Watchdog::TimePoint>(
        now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit),
        watchdog.end());
    auto endpoints = co_await resolve(host, port, watchdog);
    if (!endpoints) co_return endpoints.error();
    base::Error last = timed_out(where);
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        const bool is_last = i + 1 == endpoints->size();
        const auto left = until - std::chrono::steady_clock::now();
        const auto time = is_last ? left : std::min<std::chrono::nanoseconds>(left, kPerAddress);
        auto socket = co_await connect_to(executor, (*endpoints)[i], where, time);
        if (socket) co_return std::move(*socket);
        last = socket.error();
        if (last.is(ErrorKind::kCancelled)) co_return last;
    }
    co_return last;
}

base::Task<base::Result<Socket>> dial_unix(std::string path, Watchdog& watchdog) {
    auto executor = co_await asio::this_coro::executor;
    sockaddr_un probe{};
    if (path.empty() || path.size() >= sizeof probe.sun_path) {
        co_return base::make_error(ErrorKind::kInvalidInput,
                                   "the path of a unix socket has 1 to 107 characters: " + path);
    }
    const asio::local::stream_protocol::endpoint local(path);
    const Endpoint endpoint(local);
    while (true) {
        auto socket = open_socket(executor, AF_UNIX);
        if (!socket) co_return socket.error();
        const Attempt attempt = co_await try_connect(*socket, endpoint, watchdog);
        if (!attempt.code) co_return std::move(*socket);
        // The queue of the listener is full. The kernel has no event for a free place in it.
        const bool crowded =
            attempt.code == asio::error::try_again || attempt.code == asio::error::no_buffer_space;
        if (!crowded || watchdog.expired()) co_return unix_failure(attempt.code, path);
        const bool slept = co_await base::sleep_for(std::chrono::milliseconds(10));
        if (!slept)
            co_return base::make_error(asio::error::operation_aborted, "connect to " + path);
        if (watchdog.expired()) co_return timed_out(path);
    }
}

Connector::Connector(const ClientOptions& options, ProxySettings proxies)
    : connect_limit_(options.connect_limit),
      handshake_limit_(options.handshake_limit),
      program_(options.program),
      user_agent_(options.user_agent),
      proxies_(std::move(proxies)),
      tls_(options.tls),
      proxy_tls_(settings_for_proxy(options.tls)) {}

const Proxy* Connector::plain_proxy(const Origin& origin) const {
    if (origin.scheme != Scheme::kHttp) return nullptr;
    const Proxy* proxy = proxies_.choose(origin);
    // To a SOCKS proxy, a request is the same as to the server.
    return proxy != nullptr && proxy->kind != ProxyKind::kSocks5 ? proxy : nullptr;
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::connect(Origin origin,
                                                                        Watchdog& watchdog) {
    if (!program_.empty()) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        co_return start_program_transport(executor, program_);
    }
    watchdog.allow(connect_limit_);
    if (origin.scheme == Scheme::kUnix) {
        auto socket = co_await dial_unix(origin.path, watchdog);
        if (!socket && watchdog.expired()) co_return timed_out(origin.path);
        if (!socket) co_return socket.error();
        co_return make_plain_transport(std::move(*socket));
    }
    if (const Proxy* proxy = proxies_.choose(origin)) {
        auto connecting = connect_through(*proxy, std::move(origin), watchdog);
        auto connected = co_await std::move(connecting);
        co_return std::move(connected);
    }
    auto socket = co_await dial_tcp(origin.host, origin.port, watchdog, connect_limit_);
    if (!socket) co_return socket.error();
    auto finishing = finish(std::move(*socket), std::move(origin), watchdog);
    auto finished = co_await std::move(finishing);
    co_return std::move(finished);
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::connect_through(
    const Proxy& proxy, Origin origin, Watchdog& watchdog) {
    auto socket = co_await dial_tcp(proxy.origin.host, proxy.origin.port, watchdog, connect_limit_);
    if (!socket) co_return socket.error().with_context("the proxy " + proxy.shown());
    watchdog.allow(connect_limit_);
    if (proxy.kind == ProxyKind::kHttps) {
        auto connecting = connect_within(std::move(*socket), proxy, std::move(origin), watchdog);
        auto connected = co_await std::move(connecting);
        co_return std::move(connected);
    }
    if (proxy.kind == ProxyKind::kSocks5) {
        auto opening = open_through_socks(std::move(*socket), proxy, origin, watchdog);
        auto opened = co_await std::move(opening);
        if (!opened) co_return opened.error();
        *socket = std::move(*opened);
    } else if (origin.scheme == Scheme::kHttps) {
        BorrowedSocket stream(*socket);
        auto opening = open_tunnel(stream, proxy, origin, user_agent_, watchdog);
        auto opened = co_await std::move(opening);
        if (!opened) co_return opened.error();
    }
    auto finishing = finish(std::move(*socket), std::move(origin), watchdog);
    auto finished = co_await std::move(finishing);
    co_return std::move(finished);
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::connect_within(Socket socket,
                                                                               const Proxy& proxy,
                                                                               Origin origin,
                                                                               Watchdog& watchdog) {
    const std::string name = "the proxy " + proxy.shown();
    auto context = proxy_tls_.get();
    if (!context) co_return context.error();
    watchdog.allow(handshake_limit_);
    auto starting = start_tls(std::move(socket), std::move(*context), proxy.origin, true, watchdog);
    auto outer = co_await std::move(starting);
    if (!outer && watchdog.expired()) co_return slow_handshake(proxy.origin).with_context(name);
    if (!outer) co_return outer.error().with_context(name);
    if (origin.scheme != Scheme::kHttps) co_return std::move(outer);
    watchdog.allow(connect_limit_);
    auto opening = open_tunnel(**outer, proxy, origin, user_agent_, watchdog);
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    auto inner_context = tls_.get();
    if (!inner_context) co_return inner_context.error();
    watchdog.allow(handshake_limit_);
    const bool verify = tls_.settings().verify;
    auto securing =
        start_tls_within(std::move(*outer), std::move(*inner_context), origin, verify, watchdog);
    auto secured = co_await std::move(securing);
    if (!secured && watchdog.expired()) co_return slow_handshake(origin);
    co_return std::move(secured);
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::finish(Socket socket, Origin origin,
                                                                       Watchdog& watchdog) {
    if (origin.scheme != Scheme::kHttps) co_return make_plain_transport(std::move(socket));
    auto context = tls_.get();
    if (!context) co_return context.error();
    watchdog.allow(handshake_limit_);
    const bool verify = tls_.settings().verify;
    auto starting = start_tls(std::move(socket), std::move(*context), origin, verify, watchdog);
    auto transport = co_await std::move(starting);
    if (!transport && watchdog.expired()) co_return slow_handshake(origin);
    co_return std::move(transport);
}

}  // namespace protocol::http
