#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"

namespace protocol::http {

/// A connected stream of bytes in both directions: TCP, TLS, a unix socket, or a Docker connection
/// that was upgraded. One reader and one writer at a time, on the I/O thread. Cancelling an
/// operation leaves the stream unusable; the owner destroys it.
class ByteStream {
  public:
    virtual ~ByteStream() = default;
    /// Answers 0 at the end of the stream.
    virtual base::Task<base::Result<std::size_t>> read_some(std::span<char> target) = 0;
    /// Returns when the kernel has taken all bytes. `bytes` must stay valid until then.
    virtual base::Task<base::Result<void>> write_all(std::string_view bytes) = 0;
    /// Tells the peer that no more bytes follow. Reading goes on.
    virtual void shutdown_write() = 0;
    /// Ends both directions; pending operations answer kCancelled.
    virtual void close() = 0;
};

}  // namespace protocol::http
