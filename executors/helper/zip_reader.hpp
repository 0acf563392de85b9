#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace executors::helper {

/// A member of a zip, as the archive's directory describes it.
struct ZipMember {
    std::string name;   ///< the stored bytes; directories end with a slash
    unsigned mode = 0;  ///< kind and permissions
    std::int64_t mtime = 0;
    std::uint64_t size = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t offset = 0;  ///< of the local header, from the start of the archive
    std::uint32_t crc = 0;
    unsigned method = 0;
    bool encrypted = false;
};

/// Reads a zip. It is written here because libarchive turns names into Unicode's form C and drops
/// what is no UTF-8; a file name is bytes.
///
/// Methods: stored, deflate, zstd. Modes are those of Unix, where the archive has them. The file
/// stays open with the caller. Throws Failure for everything that is no zip.
class ZipReader {
  public:
    /// The archive begins at `start` of `file`, and ends with the file.
    ZipReader(int file, std::uint64_t start);

    [[nodiscard]] const std::vector<ZipMember>& members() const { return members_; }

    /// What the offsets of the members begin at, from the first byte of the file.
    [[nodiscard]] std::uint64_t begin() const { return start_; }

    using Sink = std::function<void(std::string_view)>;
    /// Gives the content in pieces, and checks size and checksum.
    void read(const ZipMember& member, const Sink& sink) const;
    /// The content of a symbolic link.
    [[nodiscard]] std::string read_link(const ZipMember& member) const;

  private:
    struct Directory {
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        std::uint64_t count = 0;
    };
    [[nodiscard]] std::string bytes_at(std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] Directory find_directory();
    /// Where the directory is when its numbers need 64 bits; nothing without such a record.
    [[nodiscard]] std::optional<Directory> find_large_directory(std::uint64_t end) const;
    void read_members(const Directory& directory);

    int file_;
    std::uint64_t start_;
    std::uint64_t size_ = 0;  ///< of the archive
    std::vector<ZipMember> members_;
};

}  // namespace executors::helper
