#include "runner/trace/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runner/trace/utf8_repair.hpp"

namespace runner::trace {

namespace {

constexpr std::size_t kBufferBytes = 128 * 1024;

/// Disk blocks of a log larger than kBigLogBytes are allocated in steps of kReserveStep: allocating
/// them page by page costs several times as much as writing.
constexpr std::uint64_t kBigLogBytes = 1U << 20U;
constexpr std::uint64_t kReserveStep = 16U << 20U;

/// The buffer that no spool uses now: allocating one per flush would cost more than filling it.
thread_local std::unique_ptr<char[]> spare_buffer;

base::Error io_error(const char* doing, const std::filesystem::path& path) {
    return base::errno_error(fmt::format("{} the job log {}", doing, path.string()));
}

}  // namespace

std::string format_checksum(std::uint32_t crc) { return fmt::format("crc32:{:08x}", crc); }

std::string checksum_of(std::string_view log) {
    return format_checksum(libdeflate_crc32(0, log.data(), log.size()));
}

Spool::Spool(base::UniqueFd fd, std::filesystem::path path, std::uint64_t limit_bytes)
    : fd_(std::move(fd)), path_(std::move(path)), limit_bytes_(limit_bytes) {}

Spool::~Spool() {
    if (buffer_) spare_buffer = std::move(buffer_);
}

base::Result<std::unique_ptr<Spool>> Spool::create(const std::filesystem::path& path,
                                                   std::uint64_t limit_bytes) {
    base::UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!fd) return io_error("create", path);
    return std::unique_ptr<Spool>(new Spool(std::move(fd), path, limit_bytes));
}

base::Result<std::unique_ptr<Spool>> Spool::open(const std::filesystem::path& path,
                                                 std::uint64_t limit_bytes, Saved saved) {
    base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    if (!fd && errno == ENOENT) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("the job log {} does not exist any more", path.string()));
    }
    if (!fd) return io_error("open", path);
    std::unique_ptr<Spool> spool(new Spool(std::move(fd), path, limit_bytes));
    auto cut = spool->cut_to(saved.size);
    if (!cut) return cut.error();
    spool->limit_reached_at_ = saved.limit_reached_at;
    return spool;
}

base::Result<void> Spool::cut_to(std::uint64_t size) {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return io_error("inspect", path_);
    if (static_cast<std::uint64_t>(status.st_size) < size) {
        return base::make_error(
            base::ErrorKind::kIo,
            fmt::format("the job log {} has {} bytes where at least {} were written",
                        path_.string(), status.st_size, size));
    }
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return io_error("shorten", path_);
    crc_ = 0;
    size_ = size;
    const auto piece = std::make_unique_for_overwrite<char[]>(kBufferBytes);
    base::FilePart whole = part(0, size);
    while (whole.bytes > 0) {
        const auto bytes = base::read_front(whole, {piece.get(), kBufferBytes});
        if (!bytes) return bytes.error().with_context("the job log " + path_.string());
        crc_ = libdeflate_crc32(crc_, bytes->data(), bytes->size());
    }
    return {};
}

char* Spool::prepare(std::size_t bytes) {
    if (!buffer_) {
        buffer_ = spare_buffer ? std::move(spare_buffer)
                               : std::make_unique_for_overwrite<char[]>(kBufferBytes);
    }
    if (used_ + bytes > kBufferBytes) drain();
    return buffer_.get() + used_;
}

void Spool::commit(std::size_t bytes, Source source) {
    if (bytes == 0) return;
    if (limit_reached_at_) {
        const bool fits = end() + bytes <= *limit_reached_at_ + kReserveBytes;
        if (source == Source::kRunner && fits) used_ += bytes;
        return;
    }
    if (end() + bytes < limit_bytes_) {
        used_ += bytes;
        return;
    }
    const std::string piece(buffer_.get() + used_, bytes);
    if (source == Source::kRunner) {
        reach_limit({});
        append(piece, source);
    } else {
        reach_limit(piece);
    }
}

void Spool::reach_limit(std::string_view piece) {
    const auto room = static_cast<std::size_t>(limit_bytes_ > end() ? limit_bytes_ - end() : 0);
    used_ += utf8_cut(piece, std::min(room, piece.size()));
    const auto message = fmt::format(
        "\n\x1b[33;1mJob's log exceeded limit of {} bytes.\n"
        "Job execution will continue but no more output will be collected.\x1b[0;m\n",
        limit_bytes_);
    char* target = prepare(message.size());
    std::memcpy(target, message.data(), message.size());
    used_ += message.size();
    limit_reached_at_ = end();
}

void Spool::append(std::string_view bytes, Source source) {
    while (!bytes.empty()) {
        // Pieces end between two characters, so that the cut at the limit sees whole characters.
        const auto piece = bytes.substr(0, utf8_cut(bytes, kMaxPieceBytes));
        std::memcpy(prepare(piece.size()), piece.data(), piece.size());
        commit(piece.size(), source);
        bytes.remove_prefix(piece.size());
    }
}

void Spool::reserve_blocks() {
    if (end() < kBigLogBytes || end() <= reserved_) return;
    // Only for speed. If the file system is full or cannot do this, the write will tell.
    static_cast<void>(::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_),
                                  static_cast<off_t>(kReserveStep)));
    reserved_ = size_ + kReserveStep;
}

void Spool::drain() {
    if (used_ == 0 || failure_) {
        used_ = 0;
        return;
    }
    reserve_blocks();
    auto written = base::write_fully(fd_.get(), std::string_view(buffer_.get(), used_));
    if (written) {
        crc_ = libdeflate_crc32(crc_, buffer_.get(), used_);
        size_ += used_;
    } else {
        failure_ =
            written.error().with_context(fmt::format("write the job log {}", path_.string()));
    }
    used_ = 0;
}

base::Result<void> Spool::flush() {
    drain();
    if (buffer_) spare_buffer = std::move(buffer_);
    if (failure_) return *failure_;
    return {};
}

bool Spool::ends_within_line() const {
    char last = '\n';
    if (used_ > 0) {
        last = buffer_[used_ - 1];
    } else if (size_ > 0 && ::pread(fd_.get(), &last, 1, static_cast<off_t>(size_ - 1)) != 1) {
        return false;
    }
    return last != '\n';
}

base::Result<base::UniqueFd> Spool::open_for_reading() const {
    base::UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return io_error("open", path_);
    return fd;
}

base::FilePart Spool::part(std::uint64_t offset, std::uint64_t bytes) const {
    const std::uint64_t begin = std::min(offset, size_);
    return {fd_.get(), begin, std::min(bytes, size_ - begin)};
}

}  // namespace runner::trace
