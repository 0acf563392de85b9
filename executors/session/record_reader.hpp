#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "executors/helper/protocol.hpp"

namespace executors::session {

/// Divides the stream of a job's event log into records, in one buffer: read into writable(), call
/// filled(), then next() until it returns false. A record's text is valid until the next
/// writable().
///
/// The buffer is small while the job prints little, because a daemon may have hundreds of them; it
/// grows when a read fills it. Pure.
class RecordReader {
  public:
    static constexpr std::size_t kQuietBytes = 16 * 1024;
    static constexpr std::size_t kBusyBytes = 256 * 1024;

    struct Record {
        helper::RecordHeader header;
        std::string_view text;
    };

    RecordReader();
    /// Room for the next bytes of the stream; never empty.
    std::span<char> writable();
    void filled(std::size_t count);
    /// False when there is no whole record; kProtocol when the bytes are no record, and then in
    /// every call until reset().
    base::Result<bool> next(Record& record);
    /// Drops a record that is not whole, because a new connection begins with a whole one.
    void reset();
    /// The bytes of the records that next() has returned since reset().
    [[nodiscard]] std::size_t consumed() const { return consumed_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

  private:
    void resize(std::size_t capacity);
    void make_room();

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t consumed_ = 0;
    /// The size of the record that is not whole yet.
    std::size_t wanted_ = 0;
    /// Small reads in a row.
    int quiet_reads_ = 0;
    /// The last read filled the buffer.
    bool full_ = false;
};

}  // namespace executors::session
