#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace executors::helper {

/// A file in a zip, as its local header describes it. The archive's directory, which comes last,
/// decides whether that is true.
struct ScannedMember {
    std::string name;
    std::uint64_t offset = 0;  ///< of the local header, from the first byte of the archive
    std::uint64_t begin = 0;   ///< of the packed bytes
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    unsigned method = 0;
    std::int64_t mtime = 0;
};

/// Finds the members of a zip while its bytes come. Pure, except for the time zone.
///
/// It goes from local header to local header, and ends at the first thing that is none: the
/// directory, bytes in front of the archive, or a member whose header does not say where it ends
/// (a data descriptor, sizes of 64 bits) or that is encrypted. What it does not find is left to
/// ZipReader. No input makes it fail.
class ZipScanner {
  public:
    using Found = std::function<void(const ScannedMember&)>;

    /// The bytes that follow. Calls `found` for each file of which all bytes have come.
    void take(std::string_view bytes, const Found& found);
    /// Nothing more will be found.
    [[nodiscard]] bool is_over() const { return state_ == State::kOver; }

  private:
    enum class State { kHeader, kTexts, kContent, kOver };

    /// Takes bytes for header_ until it has wanted_. Whether it has.
    bool fill(std::string_view& bytes);
    void read_header();
    void read_texts();
    void skip_content(std::string_view& bytes, const Found& found);
    void begin_header();

    State state_ = State::kHeader;
    std::string header_;
    std::size_t wanted_ = 30;
    std::size_t name_bytes_ = 0;
    bool is_file_ = false;
    std::uint64_t at_ = 0;    ///< the bytes that were taken
    std::uint64_t left_ = 0;  ///< of the content
    ScannedMember member_;
};

}  // namespace executors::helper
