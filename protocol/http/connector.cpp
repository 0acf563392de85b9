#include "protocol/http/connector.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "protocol/http/message_reader.hpp"
#include "protocol/http/message_writer.hpp"
#include "protocol/http/program_transport.hpp"
#include "protocol/http/resolve.hpp"
#include "protocol/http/tls_transport.hpp"

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
      tls_(options.tls) {}

const Proxy* Connector::plain_proxy(const Origin& origin) const {
    return origin.scheme == Scheme::kHttp ? proxies_.choose(origin) : nullptr;
}

base::Task<base::Result<Socket>> Connector::dial(Origin origin, Watchdog& watchdog) {
    watchdog.allow(connect_limit_);
    if (origin.scheme == Scheme::kUnix) {
        auto socket = co_await dial_unix(origin.path, watchdog);
        if (!socket && watchdog.expired()) co_return timed_out(origin.path);
        co_return std::move(socket);
    }
    const Proxy* proxy = proxies_.choose(origin);
    const Origin& next = proxy != nullptr ? proxy->origin : origin;
    auto socket = co_await dial_tcp(next.host, next.port, watchdog, connect_limit_);
    if (socket) co_return std::move(socket);
    if (proxy == nullptr) co_return socket.error();
    co_return socket.error().with_context("the proxy");
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::connect(Origin origin,
                                                                        Watchdog& watchdog) {
    if (!program_.empty()) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        co_return start_program_transport(executor, program_);
    }
    auto socket = co_await dial(origin, watchdog);
    if (!socket) co_return socket.error();
    if (origin.scheme != Scheme::kHttps) co_return make_plain_transport(std::move(*socket));
    const Proxy* proxy = proxies_.choose(origin);
    if (proxy == nullptr) {
        auto secured = co_await secure(std::move(*socket), origin, watchdog);
        co_return std::move(secured);
    }
    watchdog.allow(connect_limit_);
    Socket raw = std::move(*socket);
    auto through = co_await tunnel(std::move(raw), *proxy, origin, watchdog);
    if (!through) co_return through.error();
    auto secured = co_await secure(std::move(*through), origin, watchdog);
    co_return std::move(secured);
}

base::Task<base::Result<std::unique_ptr<Transport>>> Connector::secure(Socket socket, Origin origin,
                                                                       Watchdog& watchdog) {
    auto context = tls_.get();
    if (!context) co_return context.error();
    watchdog.allow(handshake_limit_);
    const bool verify = tls_.settings().verify;
    auto transport =
        co_await start_tls(std::move(socket), std::move(*context), origin, verify, watchdog);
    if (!transport && watchdog.expired()) {
        co_return base::make_error(ErrorKind::kTimeout, "TLS with " + origin.address() +
                                                            ": the handshake did not end in time");
    }
    co_return std::move(transport);
}

namespace {

base::Task<base::Result<void>> ask_for_tunnel(Socket& socket, std::string head, std::string where) {
    const auto buffer = asio::buffer(head);
    const auto sent = co_await asio::async_write(socket, buffer, base::use_tuple);
    if (std::get<0>(sent)) co_return base::make_error(std::get<0>(sent), "the proxy");
    ResponseReader reader(true);
    std::string unread;
    std::array<char, 2048> bytes{};
    while (!reader.head_done()) {
        const auto target = asio::buffer(bytes);
        const auto got = co_await socket.async_read_some(target, base::use_tuple);
        const auto& [code, count] = got;
        if (code) co_return base::make_error(code, "the proxy's answer");
        unread.append(bytes.data(), count);
        auto used = reader.feed(unread);
        if (!used) co_return used.error().with_context("the proxy");
        unread.erase(0, *used);
    }
    const Response& answer = reader.head();
    if (answer.status / 100 != 2) {
        const auto kind = answer.status == 407 ? ErrorKind::kUnauthorized : ErrorKind::kUnavailable;
        co_return base::make_error(kind, "the proxy refuses a tunnel to " + where + ": " +
                                             std::to_string(answer.status) + " " + answer.reason);
    }
    co_return base::Result<void>();
}

}  // namespace

base::Task<base::Result<Socket>> Connector::tunnel(Socket socket, const Proxy& proxy, Origin origin,
                                                   Watchdog& watchdog) {
    Request request;
    request.method = "CONNECT";
    request.target = origin.address();
    const WireContext context{request.target, user_agent_, {}, proxy.authorization.reveal()};
    auto head = write_request_head(request, context);
    if (!head) co_return head.error();
    const Guard guard(watchdog, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    auto opened = co_await ask_for_tunnel(socket, std::move(*head), request.target);
    if (!opened && watchdog.expired()) {
        co_return base::make_error(ErrorKind::kTimeout, "the proxy " + proxy.origin.address() +
                                                            " did not open a tunnel in time");
    }
    if (!opened) co_return opened.error();
    co_return std::move(socket);
}

}  // namespace protocol::http
