#include "protocol/http/connection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/parse.hpp"

namespace protocol::http {

namespace {
constexpr std::size_t kFirstBuffer = 4U << 10U;
/// Each part of a body becomes a string of its own. Larger ones would be mapped and unmapped each
/// time, which costs more than the calls that they save.
constexpr std::size_t kLargestRead = 64U << 10U;
/// Whether the peer caused the failure; a stop, or a file that cannot be read, is caused here.
bool is_broken(const base::Result<void>& sent) {
    return !sent && !sent.error().is(base::ErrorKind::kCancelled) &&
           !sent.error().is(base::ErrorKind::kInternal);
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Origin origin, unsigned tls_generation)
    : transport_(std::move(transport)),
      origin_(std::move(origin)),
      tls_generation_(tls_generation),
      created_(std::chrono::steady_clock::now()) {}

base::Task<base::Result<void>> Connection::send(const Request& request,
                                                const WireContext& context) {
    reader_ = std::make_unique<ResponseReader>(request.method == "HEAD");
    received_ = 0;
    send_broken_ = false;
    auto head = write_request_head(request, context);
    if (!head) co_return head.error();
    base::Result<void> sent;
    if (request.source && request.headers.has("Content-Length")) {
        sent = co_await send_sized_source(request, *head);
    } else if (request.source) {
        sent = co_await send_source(*request.source, *head);
    } else if (request.file) {
        sent = co_await transport_->write_file(*head, *request.file);
        send_broken_ = is_broken(sent);
    } else {
        const Transport::Pieces pieces{*head, request.body, std::string_view()};
        sent = co_await transport_->write_pieces(pieces);
        send_broken_ = is_broken(sent);
    }
    // A peer that closes early has often sent the reason: its answer can still be read.
    if (!sent && send_broken_) co_return base::Result<void>();
    co_return sent;
}

base::Task<base::Result<void>> Connection::send_source(const BodySource& source,
                                                       std::string_view head) {
    while (true) {
        auto piece = co_await source();
        if (!piece) co_return piece.error();
        const bool last = piece->empty();
        std::string prefix(head);
        head = {};
        prefix += chunk_head(piece->size());
        const Transport::Pieces pieces{prefix, *piece, "\r\n"};
        auto sent = co_await transport_->write_pieces(pieces);
        send_broken_ = is_broken(sent);
        if (!sent || last) co_return sent;
        if (transport_->has_unread_input()) {
            send_broken_ = true;
            co_return base::make_error(base::ErrorKind::kUnavailable, "the peer answered early");
        }
    }
}

base::Task<base::Result<void>> Connection::send_sized_source(const Request& request,
                                                             std::string_view head) {
    const auto length = base::parse_number<std::uint64_t>(request.headers.get("Content-Length"));
    if (!length)
        co_return base::make_error(base::ErrorKind::kInternal, "Content-Length is no number");
    std::uint64_t left = *length;
    while (true) {
        auto piece = co_await (*request.source)();
        if (!piece) co_return piece.error();
        if (piece->size() > left || (piece->empty() && left > 0)) {
            co_return base::make_error(base::ErrorKind::kIo,
                                       "the size of the content has changed while it was sent");
        }
        left -= piece->size();
        if (piece->empty() && head.empty()) co_return base::Result<void>();
        const Transport::Pieces pieces{head, *piece, std::string_view()};
        auto sent = co_await transport_->write_pieces(pieces);
        head = {};
        send_broken_ = is_broken(sent);
        if (!sent || piece->empty()) co_return sent;
        if (left > 0 && transport_->has_unread_input()) {
            send_broken_ = true;
            co_return base::make_error(base::ErrorKind::kUnavailable, "the peer answered early");
        }
    }
}

base::Task<base::Result<void>> Connection::read_head() {
    while (!reader_->head_done()) {
        auto more = co_await read_more();
        if (!more) co_return more.error();
    }
    co_return base::Result<void>();
}

base::Task<base::Result<void>> Connection::read_more() {
    if (begin_ < end_ && reader_->head_done()) {
        auto used = reader_->feed({buffer_.get() + begin_, end_ - begin_});
        if (!used) co_return used.error();
        begin_ += *used;
        if (*used > 0) co_return base::Result<void>();
    }
    auto filled = co_await fill();
    if (!filled) co_return filled.error();
    if (at_end_) {
        const bool was_done = reader_->done();
        auto ended = reader_->feed_end();
        if (!ended && !was_done) co_return ended.error();
        co_return base::Result<void>();
    }
    auto used = reader_->feed({buffer_.get() + begin_, end_ - begin_});
    if (!used) co_return used.error();
    begin_ += *used;
    co_return base::Result<void>();
}

void Connection::make_room() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ == 0 && end_ < capacity_) return;
    const std::size_t unread = end_ - begin_;
    const bool small = capacity_ == 0 || (end_ == capacity_ && unread > capacity_ / 2);
    if (!small) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, unread);
    } else {
        const std::size_t larger = std::max(kFirstBuffer, capacity_ * 2);
        auto fresh = std::make_unique_for_overwrite<char[]>(larger);
        if (unread > 0) std::memcpy(fresh.get(), buffer_.get() + begin_, unread);
        buffer_ = std::move(fresh);
        capacity_ = larger;
    }
    begin_ = 0;
    end_ = unread;
}

base::Task<base::Result<void>> Connection::fill() {
    make_room();
    const std::span<char> target(buffer_.get() + end_, capacity_ - end_);
    auto count = co_await transport_->read_some(target);
    if (!count) co_return count.error();
    at_end_ = *count == 0;
    received_ += *count;
    end_ += *count;
    // The peer has filled the buffer, so it has more to send: read more at once from now on.
    if (begin_ == 0 && *count == capacity_ && capacity_ < kLargestRead) {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity_ * 4);
        std::memcpy(larger.get(), buffer_.get(), end_);
        buffer_ = std::move(larger);
        capacity_ *= 4;
    }
    co_return base::Result<void>();
}

bool Connection::reusable() const {
    return reader_ && !send_broken_ && !at_end_ && begin_ == end_ && reader_->keep_alive();
}

void Connection::free_buffers() {
    reader_.reset();
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
}

}  // namespace protocol::http
