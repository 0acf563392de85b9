#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/http/message.hpp"

namespace protocol::http {

/// Bytes → one HTTP/1.x answer. Pure; feed it pieces of any size.
///
/// Interim answers (100, 103) are skipped. The body is collected in body(); the owner may take what
/// is there at any time.
class ResponseReader {
  public:
    /// `bodiless`: the answer of a HEAD or CONNECT, which has no body whatever its header says.
    explicit ResponseReader(bool bodiless);
    ~ResponseReader();
    ResponseReader(ResponseReader&&) noexcept;
    ResponseReader& operator=(ResponseReader&&) noexcept;

    /// Answers how many bytes were parsed. The caller keeps the others and gives them again,
    /// together with those that follow. Parsing stops once at the end of the header, because after
    /// an upgrade the rest is not HTTP.
    base::Result<std::size_t> feed(std::string_view bytes);
    /// To be called when the peer has closed. kUnavailable when the message is not complete.
    base::Result<void> feed_end();

    [[nodiscard]] bool head_done() const;
    [[nodiscard]] bool done() const;
    /// Whether the body ends with the connection.
    [[nodiscard]] bool needs_end() const;
    /// Whether the connection can be used again after this message.
    [[nodiscard]] bool keep_alive() const;

    Response& head();
    std::string& body();
    /// The largest body: more bytes fail with kProtocol, and so does this call when the header
    /// announces more.
    base::Result<void> set_body_limit(std::uint64_t bytes);

  private:
    class Parser;
    void start();

    bool bodiless_;
    std::uint64_t body_limit_ = std::numeric_limits<std::uint64_t>::max();
    std::unique_ptr<Parser> parser_;
};

/// Bytes → one HTTP/1.x request, for the server. Pure.
class RequestReader {
  public:
    RequestReader(std::uint32_t max_header_bytes, std::uint64_t max_body_bytes);
    ~RequestReader();

    base::Result<std::size_t> feed(std::string_view bytes);
    [[nodiscard]] bool started() const;
    [[nodiscard]] bool done() const;
    [[nodiscard]] bool keep_alive() const;
    /// Whether the peer understands a chunked answer, which one of HTTP/1.0 does not.
    [[nodiscard]] bool takes_chunks() const;
    /// The status to refuse with after feed() has failed: 400, 413 or 431.
    [[nodiscard]] unsigned refusal() const { return refusal_; }
    /// The request, once it is done(); it can be taken once.
    Request take();

  private:
    class Parser;
    std::unique_ptr<Parser> parser_;
    unsigned refusal_ = 400;
};

}  // namespace protocol::http
