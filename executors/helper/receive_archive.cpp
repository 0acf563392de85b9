#include "executors/helper/receive_archive.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "executors/helper/posix.hpp"
#include "executors/helper/staging.hpp"
#include "executors/helper/zip_scanner.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

/// What is unpacked of the archive, as long as that works.
class Unpacking {
  public:
    Unpacking(int archive, int parent, const std::string& name, unsigned cores)
        : archive_(archive) {
        try {
            staging_.emplace(parent, name, cores);
        } catch (const Failure&) {
            // The directory does not take another one: it may take the archive.
        }
    }

    /// The bytes that follow, which the archive has already.
    void take(std::string_view bytes) {
        if (!staging_) return;
        try {
            scanner_.take(bytes,
                          [this](const ScannedMember& found) { staging_->add(archive_, found); });
        } catch (const Failure&) {
            give_up();
        }
        if (staging_ && staging_->is_full()) give_up();
    }
    void finish() {
        if (!staging_) return;
        try {
            staging_->finish();
            // The last files may have found no room.
            if (staging_->is_full()) give_up();
        } catch (const Failure&) {
            give_up();
        }
    }
    /// Whether there was anything that has made room.
    bool give_up() {
        if (!staging_) return false;
        try {
            staging_->give_up();
        } catch (const Failure&) {
            // What is left is removed with the job's files. Without an index it is not used.
        }
        staging_.reset();
        return true;
    }

  private:
    int archive_;
    ZipScanner scanner_;
    std::optional<Staging> staging_;
};

/// write_all(), and again when there was no room for both. `bytes` go to `offset`.
bool write_archive_bytes(int file, std::string_view bytes, std::uint64_t offset,
                         Unpacking& unpacking) {
    if (write_all(file, bytes)) return true;
    const int code = errno;
    const bool no_room = code == ENOSPC || code == EDQUOT;
    if (no_room && unpacking.give_up() &&
        ::lseek(file, static_cast<off_t>(offset), SEEK_SET) >= 0) {
        return write_all(file, bytes);
    }
    errno = code;
    return false;
}

}  // namespace

bool receive_archive(int input, int file, int parent, const std::string& name, unsigned cores) {
    Unpacking unpacking(file, parent, name, cores);
    std::vector<char> buffer(kReadBytes);
    std::uint64_t offset = 0;
    ssize_t count = 0;
    while ((count = read_some(input, buffer.data(), buffer.size())) > 0) {
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
        if (!write_archive_bytes(file, bytes, offset, unpacking)) break;
        offset += bytes.size();
        unpacking.take(bytes);
    }
    if (count == 0) {
        unpacking.finish();
        return true;
    }
    const int code = errno;
    unpacking.give_up();
    errno = code;
    return false;
}

}  // namespace executors::helper
