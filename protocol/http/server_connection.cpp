#include "protocol/http/server_connection.hpp"

#include <array>
#include <exception>
#include <utility>

#include "base/log.hpp"
#include "protocol/http/message_writer.hpp"
#include "protocol/http/rest_of_stream.hpp"

namespace protocol::http {

namespace {

Response plain_answer(unsigned status) {
    Response response;
    response.status = status;
    response.reason = reason_phrase(status);
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = response.reason + "\n";
    return response;
}

base::Task<void> refuse(Transport& transport, unsigned status, Watchdog& watchdog) {
    constexpr std::chrono::seconds kLinger{1};
    const Response response = plain_answer(status);
    const std::string text = write_response_head(response, false) + response.body;
    watchdog.allow(kLinger);
    auto written = co_await transport.write_all(text);
    if (!written) co_return;
    transport.shutdown_write();
    // Closing with unread bytes would reset the connection before the peer has read the refusal.
    std::array<char, 4096> rest{};
    for (int i = 0; i < 64; ++i) {
        auto count = co_await transport.read_some(rest);
        if (!count || *count == 0) co_return;
    }
}

}  // namespace

ServerConnection::ServerConnection(boost::asio::any_io_executor executor,
                                   const ServerOptions& options, const Server::Handler& handler,
                                   base::TaskGroup& group, std::unique_ptr<Transport> transport,
                                   std::optional<Peer> peer)
    : executor_(std::move(executor)),
      options_(options),
      handler_(handler),
      group_(group),
      transport_(std::move(transport)),
      peer_(std::move(peer)) {}

void ServerConnection::close() {
    state_ = State::kClosed;
    transport_->close();
}

void ServerConnection::stop() {
    stopping_ = true;
    if (state_ == State::kReading || state_ == State::kHandedOver) close();
    if (stream_) stream_->ended.request(base::StopReason::kShutdown);
}

base::Task<bool> ServerConnection::accept() {
    Watchdog watchdog(executor_, Watchdog::TimePoint::max());
    const Guard guard(watchdog, [transport = transport_.get()] { transport->close(); });
    watchdog.allow(options_.header_limit);
    auto accepted = co_await transport_->accept();
    if (!accepted) {
        base::log::debug(options_.name + ": a connection failed",
                         {{"error", accepted.error().message}});
    }
    co_return accepted.has_value();
}

base::Task<void> ServerConnection::serve() {
    const bool accepted = co_await accept();
    if (!accepted) co_return;
    while (!stopping_ && state_ != State::kClosed) {
        const bool goes_on = co_await serve_request();
        if (!goes_on) co_return;
        last_use_ = std::chrono::steady_clock::now();
    }
}

base::Task<bool> ServerConnection::serve_request() {
    Watchdog watchdog(executor_, Watchdog::TimePoint::max());
    const Guard guard(watchdog, [transport = transport_.get()] { transport->close(); });
    RequestReader reader(static_cast<std::uint32_t>(options_.max_header_bytes),
                         options_.max_body_bytes);
    const bool complete = co_await read_request(reader, watchdog);
    if (!complete) co_return false;
    Request request = reader.take();
    request.peer = peer_;
    const bool is_head = request.method == "HEAD";
    if (state_ == State::kClosed) co_return false;
    state_ = State::kAsking;
    watchdog.allow_rest();
    Response response = co_await ask_handler(std::move(request));
    if (state_ == State::kClosed) co_return false;
    state_ = State::kWriting;
    watchdog.allow(options_.write_limit);
    if (response.hand_over) {
        co_await hand_over(std::move(response), watchdog);
        co_return false;
    }
    if (response.source) {
        co_await stream(response, is_head, reader.takes_chunks(), watchdog);
        co_return false;
    }
    const bool goes_on =
        co_await write_answer(response, is_head, reader.keep_alive() && !stopping_);
    if (!goes_on || state_ == State::kClosed) co_return false;
    state_ = State::kReading;
    co_return true;
}

base::Task<bool> ServerConnection::read_request(RequestReader& reader, Watchdog& watchdog) {
    std::array<char, 4096> bytes{};
    watchdog.allow(options_.idle_limit);
    bool began = false;
    while (true) {
        auto used = reader.feed(unread_);
        if (!used) {
            co_await refuse(*transport_, reader.refusal(), watchdog);
            co_return false;
        }
        unread_.erase(0, *used);
        if (reader.done()) co_return true;
        if (!began && (reader.started() || !unread_.empty())) {
            began = true;
            watchdog.allow(options_.header_limit);
        }
        auto count = co_await transport_->read_some(bytes);
        if (!count || *count == 0) co_return false;
        unread_.append(bytes.data(), *count);
    }
}

base::Task<Response> ServerConnection::ask_handler(Request request) {
    const std::string what = request.method + " " + request.target;
    try {
        Response response = co_await handler_(std::move(request));
        if (response.reason.empty()) response.reason = reason_phrase(response.status);
        co_return response;
    } catch (const std::exception& failure) {
        base::log::error(options_.name + ": a request failed",
                         {{"request", what}, {"error", failure.what()}});
    }
    co_return plain_answer(500);
}

base::Task<bool> ServerConnection::write_answer(const Response& response, bool is_head,
                                                bool keep_alive) {
    const std::string head = write_response_head(response, keep_alive);
    Transport::Pieces pieces{head, response.body, std::string_view()};
    if (is_head) pieces[1] = {};
    auto written = co_await transport_->write_pieces(pieces);
    co_return written.has_value() && keep_alive;
}

base::Task<void> ServerConnection::hand_over(Response response, Watchdog& watchdog) {
    if (response.status != 0) {
        const std::string head = write_upgrade_head(response);
        auto begun = co_await transport_->write_all(head);
        if (!begun) co_return;
    }
    state_ = State::kHandedOver;
    watchdog.allow_rest();
    auto stream = rest_of_stream(transport_, std::move(unread_));
    auto working = response.hand_over(std::move(stream));
    co_await std::move(working);
    close();
}

base::Task<void> ServerConnection::stream(const Response& response, bool is_head, bool chunked,
                                          Watchdog& watchdog) {
    const std::string head = write_stream_head(response, chunked);
    auto begun = co_await transport_->write_all(head);
    if (!begun || is_head) co_return;
    stream_ = std::make_shared<Stream>();
    stream_->transport = transport_;
    group_.spawn("peer of a streamed answer", watch_peer(stream_));
    if (stopping_) stream_->ended.request(base::StopReason::kShutdown);
    co_await stream_pieces(*response.source, chunked, watchdog);
    // Ends the watch, too.
    close();
}

base::Task<void> ServerConnection::stream_pieces(const BodySource& source, bool chunked,
                                                 Watchdog& watchdog) {
    while (state_ != State::kClosed) {
        state_ = State::kStreaming;
        watchdog.allow_rest();
        base::Task<base::Result<std::string>> asking = source();
        auto piece = co_await base::run_stoppable<std::string>(&stream_->ended, std::move(asking),
                                                               std::nullopt);
        if (!piece && !piece.error().is(base::ErrorKind::kCancelled)) {
            base::log::error(options_.name + ": a streamed answer failed",
                             {{"error", piece.error().message}});
        }
        if (!piece || state_ == State::kClosed) co_return;
        state_ = State::kWriting;
        watchdog.allow(options_.write_limit);
        const std::string before = chunked ? chunk_head(piece->size()) : std::string();
        const Transport::Pieces pieces{before, *piece, chunked ? "\r\n" : ""};
        auto written = co_await transport_->write_pieces(pieces);
        if (!written || piece->empty()) co_return;
        last_use_ = std::chrono::steady_clock::now();
    }
}

/// Reads what the peer sends meanwhile, and drops it: closing with unread bytes would reset the
/// connection before the peer has read the end of the answer.
base::Task<void> ServerConnection::watch_peer(std::shared_ptr<Stream> stream) {
    std::array<char, 512> bytes{};
    while (true) {
        auto count = co_await stream->transport->read_some(bytes);
        if (!count || *count == 0) break;
    }
    stream->ended.request(base::StopReason::kAbort);
}

}  // namespace protocol::http
