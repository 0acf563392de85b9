#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runner/trace/spool_file.hpp"

namespace runner::trace {

/// The job log as the server has it or will get it: a file (0600) that only grows, with its size
/// and its CRC-32.
///
/// Life: create() or open(), then append() and flush(). Appended bytes are in the file, counted by
/// size() and readable, only after flush(). Strand: the I/O thread. After flush() a spool holds no
/// buffer: all spools of the thread share one.
///
/// Limit (job-runtime.md §3.7): script output that would reach the limit is cut between two
/// characters, one message is written, and later script output is dropped. Lines of the runner
/// itself have another kReserveBytes, so that the log ends with the job's outcome; the official
/// runner drops them, too.
class Spool {
  public:
    enum class Source { kScript, kRunner };
    static constexpr std::size_t kReserveBytes = 64 * 1024;

    static base::Result<std::unique_ptr<Spool>> create(const std::filesystem::path& path,
                                                       std::uint64_t limit_bytes);
    struct Saved {
        std::uint64_t size = 0;
        std::optional<std::uint64_t> limit_reached_at;  ///< the size after the message
    };
    /// An existing file, cut to `saved.size`. kNotFound when it is gone, kIo when it is shorter
    /// than that.
    static base::Result<std::unique_ptr<Spool>> open(const std::filesystem::path& path,
                                                     std::uint64_t limit_bytes, Saved saved);
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// Room for `bytes`, at most kMaxPieceBytes. The caller fills it, wholly or in part, and calls
    /// commit() before any other function.
    char* prepare(std::size_t bytes);
    void commit(std::size_t bytes, Source source);
    void append(std::string_view bytes, Source source);
    /// Ends the log as if its limit had been reached. Once only.
    void reach_limit() { reach_limit({}); }
    static constexpr std::size_t kMaxPieceBytes = 32 * 1024;

    /// Writes the appended bytes, and those that have waited for room on the disk. An error when
    /// not all of them are in the file (SpoolFile).
    base::Result<void> flush();
    /// Bytes that wait in memory for room on the disk.
    [[nodiscard]] std::size_t held_back() const { return file_.held_back(); }
    /// Whether the last byte, flushed or not, is no end of a line.
    [[nodiscard]] bool ends_within_line() const;
    /// Bytes in the file.
    [[nodiscard]] std::uint64_t size() const { return file_.size(); }
    /// The CRC-32 of the bytes in the file.
    [[nodiscard]] std::uint32_t crc32() const { return file_.crc32(); }
    [[nodiscard]] bool limit_reached() const { return limit_reached_at_.has_value(); }
    [[nodiscard]] Saved save() const { return {size(), limit_reached_at_}; }
    /// The part of the file from `offset`, at most `bytes`, for sending.
    [[nodiscard]] base::FilePart part(std::uint64_t offset, std::uint64_t bytes) const {
        return file_.part(offset, bytes);
    }
    /// A descriptor of the file for somebody who may read on when the spool is gone.
    [[nodiscard]] base::Result<base::UniqueFd> open_for_reading() const {
        return file_.open_for_reading();
    }

  private:
    Spool(SpoolFile file, std::uint64_t limit_bytes)
        : file_(std::move(file)), limit_bytes_(limit_bytes) {}
    void reach_limit(std::string_view piece);
    void drain();
    [[nodiscard]] std::uint64_t end() const { return size() + held_back() + used_; }

    SpoolFile file_;
    std::uint64_t limit_bytes_ = 0;
    std::optional<std::uint64_t> limit_reached_at_;
    std::unique_ptr<char[]> buffer_;  ///< nullptr between flushes
    std::size_t used_ = 0;
};

/// "crc32:%08x": output.checksum of the job update.
std::string format_checksum(std::uint32_t crc);
/// format_checksum() of a whole log.
std::string checksum_of(std::string_view log);

}  // namespace runner::trace
