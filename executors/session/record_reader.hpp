#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "executors/helper/protocol.hpp"

namespace executors::session {

/// Cuts the stream of a job's event log into records, in one reused buffer: read into writable(),
/// tell filled(), then next() until it has no more. Text that next() gives is valid until the next
/// filled().
///
/// The buffer is small while the job is quiet (a daemon holds hundreds of these) and grows when
/// reads fill it. Pure.
class RecordReader {
  public:
    static constexpr std::size_t kQuietBytes = 16 * 1024;
    static constexpr std::size_t kBusyBytes = 256 * 1024;

    struct Record {
        helper::RecordHeader header;
        std::string_view text;
    };

    RecordReader();
    /// Where the stream's next bytes go; never empty.
    std::span<char> writable();
    void filled(std::size_t count);
    /// False when no whole record is left; kProtocol when the bytes are no records. The reader is
    /// of no use after that until reset().
    base::Result<bool> next(Record& record);
    /// A new connection begins at a record's edge: what was half there is read again.
    void reset();
    /// How many bytes of the stream next() has handed out since reset().
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
    std::size_t wanted_ = 0;  ///< size of the record that is half there
    int quiet_reads_ = 0;
    bool full_ = false;  ///< the last read took all the room there was
};

}  // namespace executors::session
