#include "protocol/http/server.hpp"

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "protocol/http/listen.hpp"
#include "protocol/http/server_connection.hpp"
#include "protocol/http/tls_context.hpp"
#include "protocol/http/tls_transport.hpp"

namespace protocol::http {

namespace asio = boost::asio;

class Server::Impl {
  public:
    Impl(const asio::any_io_executor& executor, ServerOptions options, Handler handler,
         base::UniqueFd listener)
        : executor_(executor),
          options_(std::move(options)),
          handler_(std::move(handler)),
          port_(port_of(listener.get())),
          listener_(executor, listener.release()),
          changed_(executor),
          group_(executor) {}

    /// Reads the files of TLS now, so that the start tells what is wrong with them.
    base::Result<void> prepare() {
        if (!options_.tls) return {};
        tls_.emplace(*options_.tls, TlsRole::kServer);
        auto context = tls_->get();
        if (!context) return context.error();
        return {};
    }
    void start() { group_.spawn("server", accept_loop()); }
    base::Task<void> stop(std::chrono::milliseconds grace);
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    using Entry = std::list<ServerConnection>::iterator;

    base::Task<void> accept_loop();
    void accept_all();
    base::Result<std::unique_ptr<Transport>> make_transport(Socket socket);
    bool make_room();
    base::Task<void> serve(Entry entry);

    asio::any_io_executor executor_;
    ServerOptions options_;
    Handler handler_;
    std::uint16_t port_;
    asio::posix::stream_descriptor listener_;
    std::optional<TlsContext> tls_;
    bool stopping_ = false;
    std::list<ServerConnection> connections_;
    base::Notifier changed_;
    base::TaskGroup group_;
};

base::Task<void> Server::Impl::accept_loop() {
    constexpr std::chrono::milliseconds kNoDescriptors{200};
    while (!stopping_) {
        const auto outcome =
            co_await listener_.async_wait(asio::posix::descriptor_base::wait_read, base::use_tuple);
        if (std::get<0>(outcome) || stopping_) co_return;
        errno = 0;
        accept_all();
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            // The waiting connection stays readable: without a pause this loop would spin.
            base::log::warning(options_.name + " cannot accept a connection",
                               {{"error", base::errno_error("accept").message}});
            co_await base::sleep_for(kNoDescriptors);
        }
    }
}

/// Not more at once than there are places, so that their requests are read before they have to make
/// room in their turn.
void Server::Impl::accept_all() {
    for (std::size_t i = 0; i < options_.max_connections; ++i) {
        base::UniqueFd fd(
            ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) return;
        if (!make_room()) continue;
        const int family = family_of(fd.get());
        auto peer = family == AF_UNIX ? peer_of(fd.get()) : std::nullopt;
        Socket socket(executor_);
        boost::system::error_code code;
        socket.assign(asio::generic::stream_protocol(family, 0), fd.get(), code);
        if (code) continue;
        static_cast<void>(fd.release());
        auto transport = make_transport(std::move(socket));
        if (!transport) {
            base::log::error(options_.name + " cannot use TLS",
                             {{"error", transport.error().message}});
            continue;
        }
        connections_.emplace_back(executor_, options_, handler_, group_, std::move(*transport),
                                  std::move(peer));
        group_.spawn("connection", serve(std::prev(connections_.end())));
    }
}

base::Result<std::unique_ptr<Transport>> Server::Impl::make_transport(Socket socket) {
    if (options_.tls_context)
        return make_tls_server_transport(std::move(socket), options_.tls_context);
    if (!tls_) return make_plain_transport(std::move(socket));
    auto context = tls_->get();
    if (!context) return context.error();
    return make_tls_server_transport(std::move(socket), std::move(*context));
}

/// Answers whether there is a place for one more connection.
bool Server::Impl::make_room() {
    using State = ServerConnection::State;
    std::map<State, std::pair<std::size_t, ServerConnection*>> oldest;
    for (ServerConnection& connection : connections_) {
        auto& [count, first] = oldest[connection.state()];
        ++count;
        if (first == nullptr || connection.last_use() < first->last_use()) first = &connection;
    }
    if (connections_.size() - oldest[State::kClosed].first < options_.max_connections) return true;
    for (const State state : {State::kReading, State::kWriting, State::kStreaming}) {
        ServerConnection* connection = oldest[state].second;
        if (connection == nullptr) continue;
        connection->close();
        return true;
    }
    return false;
}

base::Task<void> Server::Impl::serve(Entry entry) {
    // Removes the connection when the conversation ends, and also when it is cancelled.
    struct Leave {
        Impl& server;
        Entry entry;
        ~Leave() {
            server.connections_.erase(entry);
            server.changed_.notify_all();
        }
    };
    const Leave leave{*this, entry};
    co_await entry->serve();
}

base::Task<void> Server::Impl::stop(std::chrono::milliseconds grace) {
    stopping_ = true;
    boost::system::error_code ignored;
    listener_.close(ignored);
    changed_.notify_all();
    for (ServerConnection& connection : connections_) connection.stop();
    const auto end = std::chrono::steady_clock::now() + grace;
    while (!connections_.empty()) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= left.zero()) break;
        co_await changed_.wait_for(left);
    }
    group_.cancel_all();
    co_await group_.wait();
}

base::Result<std::unique_ptr<Server>> Server::listen(const asio::any_io_executor& executor,
                                                     ServerOptions options, Handler handler) {
    auto listener = listen_on(options.host, options.port);
    if (!listener) return listener.error();
    auto server = on_socket(executor, std::move(options), std::move(handler), std::move(*listener));
    if (auto prepared = server->impl_->prepare(); !prepared) return prepared.error();
    return server;
}

std::unique_ptr<Server> Server::on_socket(const asio::any_io_executor& executor,
                                          ServerOptions options, Handler handler,
                                          base::UniqueFd listener) {
    auto impl = std::make_unique<Impl>(executor, std::move(options), std::move(handler),
                                       std::move(listener));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
void Server::start() { impl_->start(); }
base::Task<void> Server::stop(std::chrono::milliseconds grace) { return impl_->stop(grace); }
std::uint16_t Server::port() const { return impl_->port(); }

}  // namespace protocol::http
