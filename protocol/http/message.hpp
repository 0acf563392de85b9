#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_part.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/peer.hpp"
#include "protocol/http/stream.hpp"

namespace protocol::http {

/// Header fields in order. Names are compared without regard to case.
class Headers {
  public:
    void set(std::string name, std::string value);
    void add(std::string name, std::string value) {
        fields_.emplace_back(std::move(name), std::move(value));
    }
    void remove(std::string_view name);
    /// The first value of `name`, or "".
    [[nodiscard]] std::string_view get(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
        return fields_;
    }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The next piece of a body of unknown length; an empty string ends it.
using BodySource = std::function<base::Task<base::Result<std::string>>()>;

struct Request {
    std::string method = "GET";
    std::string target = "/";  ///< path and query, already encoded
    Headers headers;
    std::string body;  ///< sent with Content-Length
    /// Instead of `body`. The owner of the file keeps it open until the call has been answered.
    std::optional<base::FilePart> file;
    std::optional<BodySource> source;  ///< as `body`, never retried; chunked without Content-Length
    /// The answer's body is cut there (Response::cut); 0: a body over the client's limit is an
    /// error.
    std::size_t cut_answer_at = 0;
    /// For a server on a unix socket: the process that has connected.
    std::optional<Peer> peer;

    [[nodiscard]] std::uint64_t content_length() const { return file ? file->bytes : body.size(); }
};

struct Response {
    unsigned status = 0;
    std::string reason;
    Headers headers;
    std::string body;
    /// Instead of `body`, for the answers of our server: it asks for a piece when the peer has
    /// taken the one before. The connection ends with the answer. The call under way is cancelled
    /// when the peer closes its side or the server stops. After a failure the peer sees a body that
    /// was cut.
    std::optional<BodySource> source = std::nullopt;
    bool cut = false;  ///< the body is longer, the rest was not read
    /// Instead of a body, for the answers of our server: the connection is not HTTP's any more
    /// after the header, and ends when the call returns. With status 0 there is no header either:
    /// the call writes the whole answer. The server ends a connection that was handed over by
    /// closing the stream. When the header cannot be written, the call is not made, only destroyed.
    std::function<base::Task<void>(std::unique_ptr<ByteStream>)> hand_over = nullptr;
};

/// The standard reason phrase of a status that our server sends.
std::string_view reason_phrase(unsigned status);

}  // namespace protocol::http
