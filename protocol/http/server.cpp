#include "protocol/http/server.hpp"

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <list>
#include <tuple>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "protocol/http/listen.hpp"
#include "protocol/http/message_reader.hpp"
#include "protocol/http/message_writer.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

namespace asio = boost::asio;

namespace {

Response plain_answer(unsigned status) {
    Response response;
    response.status = status;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = std::string(reason_phrase(status)) + "\n";
    return response;
}

}  // namespace

class Server::Impl {
  public:
    Impl(const asio::any_io_executor& executor, ServerOptions options, Handler handler,
         base::UniqueFd listener)
        : executor_(executor),
          options_(std::move(options)),
          handler_(std::move(handler)),
          port_(port_of(listener.get())),
          family_(family_of(listener.get())),
          listener_(executor, listener.release()),
          changed_(executor),
          group_(executor) {}

    void start() { group_.spawn("status server", accept_loop()); }
    base::Task<void> stop(std::chrono::milliseconds grace);
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    struct Session {
        enum class State { kReading, kAsking, kWriting, kClosed };
        std::unique_ptr<Transport> transport;
        State state = State::kReading;
    };
    using SessionEntry = std::list<Session>::iterator;

    base::Task<void> accept_loop();
    void accept_all();
    bool make_room();
    void close(Session& session);
    base::Task<void> serve(SessionEntry entry);
    base::Task<void> serve_requests(SessionEntry entry);
    /// Answers whether another request may follow.
    base::Task<bool> serve_request(Session& session, std::string& unread);
    base::Task<bool> read_request(Session& session, RequestReader& reader, std::string& unread,
                                  Watchdog& watchdog);
    base::Task<Response> ask_handler(Request request);
    base::Task<void> refuse(Session& session, unsigned status, Watchdog& watchdog);

    asio::any_io_executor executor_;
    ServerOptions options_;
    Handler handler_;
    std::uint16_t port_;
    int family_;
    asio::posix::stream_descriptor listener_;
    bool stopping_ = false;
    std::list<Session> sessions_;  ///< the one that was used last is the last one
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
            base::log::warning("Status server cannot accept a connection",
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
        Socket socket(executor_);
        boost::system::error_code code;
        socket.assign(asio::generic::stream_protocol(family_, 0), fd.get(), code);
        if (code) continue;
        static_cast<void>(fd.release());
        sessions_.push_back(Session{make_plain_transport(std::move(socket))});
        group_.spawn("status connection", serve(std::prev(sessions_.end())));
    }
}

/// Answers whether there is a place for one more connection.
bool Server::Impl::make_room() {
    using State = Session::State;
    const auto is = [](State state) {
        return [state](const Session& session) { return session.state == state; };
    };
    const auto closed = std::count_if(sessions_.begin(), sessions_.end(), is(State::kClosed));
    if (sessions_.size() - static_cast<std::size_t>(closed) < options_.max_connections) return true;
    for (const State state : {State::kReading, State::kWriting}) {
        const auto oldest = std::find_if(sessions_.begin(), sessions_.end(), is(state));
        if (oldest == sessions_.end()) continue;
        close(*oldest);
        return true;
    }
    return false;
}

void Server::Impl::close(Session& session) {
    session.state = Session::State::kClosed;
    session.transport->close();
}

base::Task<void> Server::Impl::serve(SessionEntry entry) {
    // Removes the session when the conversation ends, and also when it is cancelled.
    struct Leave {
        Impl& server;
        SessionEntry entry;
        ~Leave() {
            server.sessions_.erase(entry);
            server.changed_.notify_all();
        }
    };
    const Leave leave{*this, entry};
    co_await serve_requests(entry);
}

base::Task<void> Server::Impl::serve_requests(SessionEntry entry) {
    std::string unread;
    while (!stopping_ && entry->state != Session::State::kClosed) {
        const bool goes_on = co_await serve_request(*entry, unread);
        if (!goes_on) co_return;
        sessions_.splice(sessions_.end(), sessions_, entry);
    }
}

base::Task<bool> Server::Impl::serve_request(Session& session, std::string& unread) {
    Watchdog watchdog(executor_, Watchdog::TimePoint::max());
    auto* transport = session.transport.get();
    const Guard guard(watchdog, [transport] { transport->close(); });
    RequestReader reader(static_cast<std::uint32_t>(options_.max_header_bytes),
                         options_.max_body_bytes);
    const bool complete = co_await read_request(session, reader, unread, watchdog);
    if (!complete) co_return false;
    Request request = reader.take();
    const bool is_head = request.method == "HEAD";
    const bool may_go_on = reader.keep_alive();
    if (session.state == Session::State::kClosed) co_return false;
    session.state = Session::State::kAsking;
    watchdog.allow_rest();
    Response response = co_await ask_handler(std::move(request));
    const bool keep_alive = may_go_on && !stopping_;
    if (response.reason.empty()) response.reason = reason_phrase(response.status);
    const std::string head = write_response_head(response, keep_alive);
    watchdog.allow(options_.write_limit);
    Transport::Pieces pieces{head, response.body, std::string_view()};
    if (is_head) pieces[1] = {};
    session.state = Session::State::kWriting;
    auto written = co_await transport->write_pieces(pieces);
    if (!written || !keep_alive || session.state == Session::State::kClosed) co_return false;
    session.state = Session::State::kReading;
    co_return true;
}

base::Task<bool> Server::Impl::read_request(Session& session, RequestReader& reader,
                                            std::string& unread, Watchdog& watchdog) {
    std::array<char, 4096> bytes{};
    watchdog.allow(options_.idle_limit);
    bool began = false;
    while (true) {
        auto used = reader.feed(unread);
        if (!used) {
            co_await refuse(session, reader.refusal(), watchdog);
            co_return false;
        }
        unread.erase(0, *used);
        if (reader.done()) co_return true;
        if (!began && (reader.started() || !unread.empty())) {
            began = true;
            watchdog.allow(options_.header_limit);
        }
        auto count = co_await session.transport->read_some(bytes);
        if (!count || *count == 0) co_return false;
        unread.append(bytes.data(), *count);
    }
}

base::Task<Response> Server::Impl::ask_handler(Request request) {
    const std::string what = request.method + " " + request.target;
    try {
        Response response = co_await handler_(std::move(request));
        co_return response;
    } catch (const std::exception& failure) {
        base::log::error("Status server: a request failed",
                         {{"request", what}, {"error", failure.what()}});
    }
    co_return plain_answer(500);
}

base::Task<void> Server::Impl::refuse(Session& session, unsigned status, Watchdog& watchdog) {
    constexpr std::chrono::seconds kLinger{1};
    Response response = plain_answer(status);
    response.reason = reason_phrase(status);
    const std::string text = write_response_head(response, false) + response.body;
    watchdog.allow(kLinger);
    auto written = co_await session.transport->write_all(text);
    if (!written) co_return;
    session.transport->shutdown_write();
    // Closing with unread bytes would reset the connection before the peer has read the refusal.
    std::array<char, 4096> rest{};
    for (int i = 0; i < 64; ++i) {
        auto count = co_await session.transport->read_some(rest);
        if (!count || *count == 0) co_return;
    }
}

base::Task<void> Server::Impl::stop(std::chrono::milliseconds grace) {
    stopping_ = true;
    boost::system::error_code ignored;
    listener_.close(ignored);
    changed_.notify_all();
    for (Session& session : sessions_) {
        if (session.state == Session::State::kReading) close(session);
    }
    const auto end = std::chrono::steady_clock::now() + grace;
    while (!sessions_.empty()) {
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
    auto impl = std::make_unique<Impl>(executor, std::move(options), std::move(handler),
                                       std::move(*listener));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
void Server::start() { impl_->start(); }
base::Task<void> Server::stop(std::chrono::milliseconds grace) { return impl_->stop(grace); }
std::uint16_t Server::port() const { return impl_->port(); }

}  // namespace protocol::http
