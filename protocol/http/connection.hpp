#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/http/message.hpp"
#include "protocol/http/message_reader.hpp"
#include "protocol/http/message_writer.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/url.hpp"

namespace protocol::http {

/// One connection that speaks HTTP/1.1: one request, its answer, the next request.
///
/// Life: send(), read_head(), read_more() until answer().done(); then, if reusable(), again from
/// the start. After a failure it can only be destroyed. Strand: the I/O thread.
class Connection {
  public:
    Connection(std::unique_ptr<Transport> transport, Origin origin, unsigned tls_generation);

    /// Sends head and body; `request` must stay valid until the end. A success, too, when the peer
    /// did not read everything: its answer follows, and that decides.
    base::Task<base::Result<void>> send(const Request& request, const WireContext& context);
    base::Task<base::Result<void>> read_head();
    /// The next piece of the body into answer().body().
    base::Task<base::Result<void>> read_more();

    ResponseReader& answer() { return *reader_; }
    /// Whether the peer has begun to answer; then the request must not be repeated.
    [[nodiscard]] bool answer_began() const { return received_ > 0; }
    /// Whether the exchange has ended and another may follow.
    [[nodiscard]] bool reusable() const;
    /// Frees the memory that only an exchange needs.
    void free_buffers();
    void close() { transport_->close(); }

    [[nodiscard]] const Origin& origin() const { return origin_; }
    [[nodiscard]] unsigned tls_generation() const { return tls_generation_; }
    [[nodiscard]] std::chrono::steady_clock::time_point created() const { return created_; }
    Transport& transport() { return *transport_; }
    std::unique_ptr<Transport> release() { return std::move(transport_); }
    /// After read_head(): the bytes that came after the header. An upgraded stream begins with
    /// them.
    [[nodiscard]] std::string_view leftover() const {
        return {buffer_.get() + begin_, end_ - begin_};
    }

  private:
    base::Task<base::Result<void>> send_source(const BodySource& source, std::string_view head);
    base::Task<base::Result<void>> send_sized_source(const Request& request, std::string_view head);
    base::Task<base::Result<void>> fill();
    void make_room();

    std::unique_ptr<Transport> transport_;
    Origin origin_;
    unsigned tls_generation_;
    std::chrono::steady_clock::time_point created_;
    std::unique_ptr<ResponseReader> reader_;
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t received_ = 0;  ///< bytes of the current answer
    bool send_broken_ = false;  ///< the peer did not take all of the request
    bool at_end_ = false;
};

}  // namespace protocol::http
