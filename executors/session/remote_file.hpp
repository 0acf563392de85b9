#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// A file of a job's environment, read over a connection of its own (executors/helper/protocol.hpp,
/// "read").
///
/// Life: open(), then next() until it returns "". The destructor ends the connection. Strand: the
/// I/O thread; one call at a time. Failures: kIo (the file cannot be read; the message is the
/// supervisor's), kProtocol (the answer is not one of the protocol), kUnavailable (the connection
/// was lost before the end of the file), kCancelled.
class RemoteFile {
  public:
    /// `user` opens the file; "": the supervisor's own user. next() begins at `offset`.
    static base::Task<base::Result<std::unique_ptr<RemoteFile>>> open(
        std::unique_ptr<protocol::http::ByteStream> stream, std::string path, std::string user,
        std::uint64_t offset = 0);

    /// Bytes of the file when it was opened.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The next bytes; "" at the end.
    base::Task<base::Result<std::string>> next();
    /// Reads a frame at the current place in the file, and returns its JSON.
    base::Task<base::Result<std::string>> next_frame();

  private:
    RemoteFile(std::unique_ptr<protocol::http::ByteStream> stream, std::string path)
        : stream_(std::move(stream)), path_(std::move(path)) {}
    base::Task<base::Result<void>> fill(std::size_t wanted);
    base::Task<base::Result<std::string>> take_frame();

    std::unique_ptr<protocol::http::ByteStream> stream_;
    std::string path_;
    std::string buffer_;
    std::uint64_t size_ = 0;
    /// Bytes of the file that were not returned yet.
    std::uint64_t left_ = 0;
    /// Bytes to drop: an older supervisor sends the file from its beginning.
    std::uint64_t skip_ = 0;
};

}  // namespace executors::session
