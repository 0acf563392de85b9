#include "runner/trace/spool_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace runner::trace {

namespace {

constexpr std::size_t kReadBytes = 128 * 1024;

/// Disk blocks of a log larger than kBigLogBytes are allocated in steps of kReserveStep: allocating
/// them page by page costs several times as much as writing.
constexpr std::uint64_t kBigLogBytes = 1U << 20U;
constexpr std::uint64_t kReserveStep = 16U << 20U;
/// The last bytes of a disk are for what has to be written now.
constexpr std::uint64_t kRoomToReserve = 64 * kReserveStep;

base::Error disk_error(const char* doing, const std::filesystem::path& path) {
    return base::errno_error(fmt::format("{} the job log {}", doing, path.string()));
}

}  // namespace

base::Result<void> SpoolFile::cut_to(std::uint64_t size) {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return disk_error("inspect", path_);
    if (static_cast<std::uint64_t>(status.st_size) < size) {
        return base::make_error(
            base::ErrorKind::kIo,
            fmt::format("the job log {} has {} bytes where at least {} were written",
                        path_.string(), status.st_size, size));
    }
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return disk_error("shorten", path_);
    crc_ = 0;
    size_ = size;
    const auto piece = std::make_unique_for_overwrite<char[]>(kReadBytes);
    base::FilePart whole = part(0, size);
    while (whole.bytes > 0) {
        const auto bytes = base::read_front(whole, {piece.get(), kReadBytes});
        if (!bytes) return bytes.error().with_context("the job log " + path_.string());
        crc_ = libdeflate_crc32(crc_, bytes->data(), bytes->size());
    }
    return {};
}

void SpoolFile::reserve_blocks(std::size_t more) {
    const std::uint64_t end = size_ + more;
    if (end < kBigLogBytes || end <= reserved_) return;
    reserved_ = size_ + kReserveStep;
    struct statvfs disk {};
    if (::fstatvfs(fd_.get(), &disk) != 0 || disk.f_bavail * disk.f_frsize < kRoomToReserve) return;
    // Only for speed. If the file system cannot do this, the write will tell.
    static_cast<void>(::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_),
                                  static_cast<off_t>(kReserveStep)));
}

/// Answers what the disk has not taken.
std::string_view SpoolFile::write(std::string_view bytes) {
    reserve_blocks(bytes.size());
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT;
            (full ? problem_ : failure_) = disk_error("write", path_);
            return bytes;
        }
        const auto written = static_cast<std::size_t>(count);
        crc_ = libdeflate_crc32(crc_, bytes.data(), written);
        size_ += written;
        bytes.remove_prefix(written);
    }
    return bytes;
}

void SpoolFile::hold(std::string_view bytes) {
    if (!failure_ && held_.size() + bytes.size() > kMostHeldBytes) failure_ = problem_;
    if (failure_) {
        held_ = {};
    } else {
        held_ += bytes;
    }
}

void SpoolFile::append(std::string_view bytes) {
    if (bytes.empty() || failure_) return;
    if (held_.empty()) bytes = write(bytes);
    hold(bytes);
}

void SpoolFile::retry() {
    if (held_.empty()) return;
    const std::string held = std::exchange(held_, {});
    hold(write(held));
}

base::Result<void> SpoolFile::stored() const {
    if (failure_) return *failure_;
    if (!held_.empty()) return *problem_;
    return {};
}

std::optional<char> SpoolFile::last_byte() const {
    if (!held_.empty()) return held_.back();
    char last = 0;
    if (size_ == 0 || ::pread(fd_.get(), &last, 1, static_cast<off_t>(size_ - 1)) != 1) return {};
    return last;
}

base::Result<base::UniqueFd> SpoolFile::open_for_reading() const {
    base::UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return disk_error("open", path_);
    return fd;
}

base::FilePart SpoolFile::part(std::uint64_t offset, std::uint64_t bytes) const {
    const std::uint64_t begin = std::min(offset, size_);
    return {fd_.get(), begin, std::min(bytes, size_ - begin)};
}

}  // namespace runner::trace
