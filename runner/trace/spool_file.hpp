#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_part.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace runner::trace {

/// The file of a spool: it only grows, and knows its size and its CRC-32.
///
/// What a full disk does not take waits in memory, at most kMostHeldBytes, and is written first
/// when the disk has room. After another error, or when more than that has waited, everything that
/// comes is lost, and stored() answers why. Strand: the I/O thread.
class SpoolFile {
  public:
    static constexpr std::size_t kMostHeldBytes = 4U << 20U;

    SpoolFile(base::UniqueFd fd, std::filesystem::path path)
        : fd_(std::move(fd)), path_(std::move(path)) {}

    /// Shortens the file, and reads it for its CRC-32. kIo when it is shorter than that.
    base::Result<void> cut_to(std::uint64_t size);
    void append(std::string_view bytes);
    /// Tries again to write what waits.
    void retry();
    /// An error when anything is not in the file.
    [[nodiscard]] base::Result<void> stored() const;

    /// Bytes in the file.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The CRC-32 of the bytes in the file.
    [[nodiscard]] std::uint32_t crc32() const { return crc_; }
    /// Bytes that wait in memory for room on the disk.
    [[nodiscard]] std::size_t held_back() const { return held_.size(); }
    /// The last byte, written or waiting; nothing when there is none or it cannot be read.
    [[nodiscard]] std::optional<char> last_byte() const;
    /// A part of the file; its end is that of the file at most.
    [[nodiscard]] base::FilePart part(std::uint64_t offset, std::uint64_t bytes) const;
    [[nodiscard]] base::Result<base::UniqueFd> open_for_reading() const;

  private:
    std::string_view write(std::string_view bytes);
    void hold(std::string_view bytes);
    void reserve_blocks(std::size_t more);

    base::UniqueFd fd_;
    std::filesystem::path path_;
    std::uint64_t size_ = 0;
    std::uint64_t reserved_ = 0;  ///< disk blocks are allocated up to this offset
    std::uint32_t crc_ = 0;
    std::string held_;
    std::optional<base::Error> problem_;  ///< why bytes are held back
    std::optional<base::Error> failure_;  ///< why what comes is lost
};

}  // namespace runner::trace
