#include "runner/trace/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runner/trace/utf8_repair.hpp"

namespace runner::trace {

namespace {

constexpr std::size_t kBufferBytes = 128 * 1024;

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

Spool::~Spool() {
    if (buffer_) spare_buffer = std::move(buffer_);
}

base::Result<std::unique_ptr<Spool>> Spool::create(const std::filesystem::path& path,
                                                   std::uint64_t limit_bytes) {
    base::UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!fd) return io_error("create", path);
    return std::unique_ptr<Spool>(new Spool(SpoolFile(std::move(fd), path), limit_bytes));
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
    SpoolFile file(std::move(fd), path);
    auto cut = file.cut_to(saved.size);
    if (!cut) return cut.error();
    std::unique_ptr<Spool> spool(new Spool(std::move(file), limit_bytes));
    spool->limit_reached_at_ = saved.limit_reached_at;
    return spool;
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

void Spool::drain() {
    file_.append({buffer_.get(), used_});
    used_ = 0;
}

base::Result<void> Spool::flush() {
    file_.retry();
    drain();
    if (buffer_) spare_buffer = std::move(buffer_);
    return file_.stored();
}

bool Spool::ends_within_line() const {
    const std::optional<char> last = used_ > 0 ? buffer_[used_ - 1] : file_.last_byte();
    return last && *last != '\n';
}

}  // namespace runner::trace
