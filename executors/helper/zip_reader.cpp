#include "executors/helper/zip_reader.hpp"

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "executors/helper/posix.hpp"
#include "executors/helper/unpack_stream.hpp"
#include "executors/helper/zip_fields.hpp"
#include "executors/helper/zip_records.hpp"

namespace executors::helper {

using namespace zip;

namespace {

constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLargeEndBytes = 56;
constexpr std::size_t kLargeEndPlaceBytes = 20;
constexpr std::size_t kMostCommentBytes = 65'535;
constexpr std::size_t kMostLinkBytes = 65'536;

/// Archives that were not made on Unix, or without modes, get the usual ones.
unsigned mode_of(unsigned system, std::uint32_t attributes, bool directory) {
    constexpr unsigned kUnix = 3;
    constexpr unsigned kDarwin = 19;
    const unsigned mode = system == kUnix || system == kDarwin ? attributes >> 16 : 0;
    const unsigned kind = directory ? S_IFDIR : S_IFREG;
    if (mode == 0) return kind | (directory ? 0755U : 0644U);
    if (directory || (mode & S_IFMT) == 0) return kind | (mode & 07777);
    return mode;
}

/// The time in them, where there is one.
std::optional<std::int64_t> take_extra(ZipMember& member, std::string_view extra) {
    std::optional<std::int64_t> mtime;
    each_extra(extra, [&member, &mtime](std::uint64_t id, Fields field) {
        if (id == kLargeSizes) {
            for (std::uint64_t* number : {&member.size, &member.packed_size, &member.offset})
                if (*number == kIn64) *number = field.take(8);
        } else if (id == kUnixTimes) {
            mtime = unix_time(field);
        }
    });
    return mtime;
}

/// Checks what comes against what the archive promised.
class Checked {
  public:
    Checked(const ZipMember& member, const ZipReader::Sink& sink) : member_(member), sink_(sink) {}

    void take(std::string_view bytes) {
        size_ += bytes.size();
        if (size_ > member_.size) throw Failure("unpack " + member_.name + ": it is too long");
        crc_ = ::libdeflate_crc32(crc_, bytes.data(), bytes.size());
        sink_(bytes);
    }
    void finish() const {
        if (size_ != member_.size || crc_ != member_.crc)
            throw Failure("unpack " + member_.name + ": the archive is damaged");
    }

  private:
    const ZipMember& member_;
    const ZipReader::Sink& sink_;
    std::uint64_t size_ = 0;
    std::uint32_t crc_ = 0;
};

}  // namespace

ZipReader::ZipReader(int file, std::uint64_t start) : file_(file), start_(start) {
    struct stat status {};
    if (::fstat(file, &status) != 0) fail_errno("read the archive");
    const auto end = static_cast<std::uint64_t>(status.st_size);
    size_ = end > start ? end - start : 0;
    read_members(find_directory());
}

std::string ZipReader::bytes_at(std::uint64_t offset, std::size_t size) const {
    if (offset > size_ || size > size_ - offset) fail_damaged();
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t count = ::pread(file_, bytes.data() + done, size - done,
                                      static_cast<off_t>(start_ + offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_errno("read the archive");
        if (count == 0) fail_damaged();
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

ZipReader::Directory ZipReader::find_directory() {
    const auto tail =
        static_cast<std::size_t>(std::min<std::uint64_t>(size_, kEndBytes + kMostCommentBytes));
    const std::string bytes = bytes_at(size_ - tail, tail);
    const std::size_t found = bytes.rfind("PK\x05\x06");
    if (found == std::string::npos || bytes.size() - found < kEndBytes) fail_damaged();
    const std::uint64_t end = size_ - tail + found;
    Fields fields(std::string_view(bytes).substr(found + 10));
    Directory directory;
    directory.count = fields.take(2);
    directory.size = fields.take(4);
    directory.offset = fields.take(4);
    const bool large =
        directory.count == 0xffff || directory.size == kIn64 || directory.offset == kIn64;
    if (large) {
        if (const auto found_large = find_large_directory(end)) return *found_large;
    }
    // Bytes in front of the archive, such as a program that unpacks it, are not counted in it.
    if (directory.size <= end && directory.offset < end - directory.size) {
        const std::uint64_t front = end - directory.size - directory.offset;
        start_ += front;
        size_ -= front;
    }
    return directory;
}

std::optional<ZipReader::Directory> ZipReader::find_large_directory(std::uint64_t end) const {
    if (end < kLargeEndPlaceBytes) return std::nullopt;
    const std::string place = bytes_at(end - kLargeEndPlaceBytes, kLargeEndPlaceBytes);
    Fields at(place);
    if (at.take(4) != kLargeEndPlace) return std::nullopt;
    at.take_bytes(4);
    const std::string bytes = bytes_at(at.take(8), kLargeEndBytes);
    Fields fields(bytes);
    if (fields.take(4) != kLargeEnd) fail_damaged();
    fields.take_bytes(28);
    Directory directory;
    directory.count = fields.take(8);
    directory.size = fields.take(8);
    directory.offset = fields.take(8);
    return directory;
}

void ZipReader::read_members(const Directory& directory) {
    // Read in large pieces: a call for each record would take longer than all the rest.
    constexpr std::uint64_t kPieceBytes = 256 * 1024;
    std::string piece;
    std::uint64_t begin = 0;
    const auto record = [&](std::uint64_t offset, std::size_t size) {
        const bool has =
            size <= piece.size() && offset >= begin && offset - begin <= piece.size() - size;
        if (!has) {
            if (offset > size_) fail_damaged();
            const auto wanted =
                std::max<std::uint64_t>(size, std::min(kPieceBytes, size_ - offset));
            piece = bytes_at(offset, static_cast<std::size_t>(wanted));
            begin = offset;
        }
        return std::string_view(piece).substr(static_cast<std::size_t>(offset - begin), size);
    };
    std::uint64_t at = directory.offset;
    for (std::uint64_t i = 0; i < directory.count; ++i) {
        Fields fields(record(at, kEntryBytes));
        if (fields.take(4) != kEntry) fail_damaged();
        const auto system = static_cast<unsigned>(fields.take(2)) >> 8;
        fields.take_bytes(2);
        ZipMember member;
        member.encrypted = (fields.take(2) & 1) != 0;
        member.method = static_cast<unsigned>(fields.take(2));
        const auto time = static_cast<unsigned>(fields.take(2));
        const auto date = static_cast<unsigned>(fields.take(2));
        member.crc = static_cast<std::uint32_t>(fields.take(4));
        member.packed_size = fields.take(4);
        member.size = fields.take(4);
        const std::size_t name = fields.take(2);
        const std::size_t extra = fields.take(2);
        const std::size_t comment = fields.take(2);
        fields.take_bytes(4);
        const auto attributes = static_cast<std::uint32_t>(fields.take(4));
        member.offset = fields.take(4);
        const std::string_view texts = record(at + kEntryBytes, name + extra);
        member.name = texts.substr(0, name);
        // mktime(3) looks at /etc/localtime each time.
        const auto mtime = take_extra(member, texts.substr(name));
        member.mtime = mtime ? *mtime : dos_time(date, time);
        member.mode = mode_of(system, attributes, member.name.ends_with('/'));
        members_.push_back(std::move(member));
        at += kEntryBytes + name + extra + comment;
    }
}

void ZipReader::read(const ZipMember& member, const Sink& sink) const {
    if (member.encrypted) throw Failure("unpack " + member.name + ": it is encrypted");
    const std::string head = bytes_at(member.offset, kLocalBytes);
    Fields fields(head);
    if (fields.take(4) != kLocalHeader) fail_damaged();
    fields.take_bytes(22);
    const std::uint64_t name = fields.take(2);
    const std::uint64_t begin = member.offset + kLocalBytes + name + fields.take(2);
    if (begin > size_ || member.packed_size > size_ - begin) fail_damaged();
    Checked checked(member, sink);
    const PackedPart part{file_, start_ + begin, member.packed_size, member.size};
    unpack_stream(part, member.method, member.name,
                  [&checked](std::string_view bytes) { checked.take(bytes); });
    checked.finish();
}

std::string ZipReader::read_link(const ZipMember& member) const {
    if (member.size > kMostLinkBytes) throw Failure("unpack " + member.name + ": a link too long");
    std::string target;
    read(member, [&target](std::string_view bytes) { target += bytes; });
    return target;
}

}  // namespace executors::helper
