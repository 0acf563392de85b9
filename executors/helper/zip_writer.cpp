#include "executors/helper/zip_writer.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "base/glob_parser.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// UTF-8 with more than ASCII in it. Only such a name is marked in the archive.
bool is_unicode(std::string_view text) {
    bool ascii = true;
    while (!text.empty()) {
        const base::GlobCharacter first = base::first_character(text);
        if (!first.is_valid()) return false;
        ascii = ascii && first.length == 1;
        text.remove_prefix(first.length);
    }
    return !ascii;
}

std::uint64_t written_to(int file) {
    const off_t offset = ::lseek(file, 0, SEEK_CUR);
    if (offset < 0) fail_errno("write the archive");
    return static_cast<std::uint64_t>(offset);
}

/// Less than `size` bytes only at the end of the file.
std::string read_block(int file, std::size_t size, const std::string& path) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t count = read_some(file, bytes.data() + done, size - done);
        if (count < 0) fail_errno("read " + path);
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
}

}  // namespace

ZipWriter::ZipWriter(int output, int level, unsigned threads, zip::Method packing)
    : output_(output),
      level_(level),
      packing_(packing),
      start_(written_to(output)),
      pool_(threads) {}

std::size_t ZipWriter::begin(const std::string& name, const struct stat& status, bool store) {
    constexpr std::size_t kLongestName = 65'535;
    if (name.size() > kLongestName) throw Failure("archive " + name + ": the name is too long");
    zip::Entry entry;
    entry.name = name;
    entry.status = status;
    entry.utf8 = is_unicode(name);
    entry.method = store || level_ == 0 ? zip::Method::kStored : packing_;
    entry.large = static_cast<std::uint64_t>(status.st_size) >= zip::kLargeFrom;
    entries_.push_back(std::move(entry));
    return entries_.size() - 1;
}

void ZipWriter::add_file(const std::string& path, const struct stat& status, int file, bool store) {
    const std::size_t entry = begin(path, status, store || status.st_size == 0);
    const zip::Method method = entries_[entry].method;
    auto left = static_cast<std::uint64_t>(status.st_size);
    const bool whole = method == zip::Method::kDeflate && left <= Block::kMostWholeBytes;
    const std::size_t most = whole ? Block::kMostWholeBytes : Block::kBytes;
    std::string before;
    for (bool last = false; !last;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, most));
        Block block{read_block(file, wanted, path), std::move(before), false, whole, method};
        left -= block.bytes.size();
        last = left == 0 || block.bytes.size() < wanted;
        block.last = last;
        const bool goes_on = !last && method == zip::Method::kDeflate;
        before = !goes_on ? "" : block.bytes.substr(block.bytes.size() - Block::kWindow);
        submit(entry, std::move(block));
    }
}

void ZipWriter::add_text(const std::string& name, const struct stat& status, std::string content) {
    Block block;
    block.bytes = std::move(content);
    block.last = true;
    block.method = zip::Method::kStored;
    submit(begin(name, status, true), std::move(block));
}

void ZipWriter::submit(std::size_t entry, Block block) {
    constexpr std::size_t kMostWaitingBytes = 16 * 1024 * 1024;
    const std::size_t bytes = block.bytes.size();
    waiting_bytes_ += bytes;
    auto packed = pool_.submit([block = std::move(block), level = level_]() mutable {
        return pack_block(std::move(block), level);
    });
    waiting_.push_back({entry, bytes, std::move(packed)});
    const auto too_many = [this] {
        return waiting_.size() >= pool_.depth() || waiting_bytes_ > kMostWaitingBytes;
    };
    while (too_many()) write_next();
}

/// The local header is written with the first block. It is right at once when that is the last one,
/// else it is written again behind the last one.
void ZipWriter::write_next() {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.bytes;
    const PackedBlock block = next.block.get();
    zip::Entry& entry = entries_[next.entry];
    const bool first = entry.packed_size == 0;
    entry.crc = static_cast<std::uint32_t>(
        first ? block.crc
              : ::crc32_combine(entry.crc, block.crc, static_cast<z_off_t>(block.raw_bytes)));
    entry.size += block.raw_bytes;
    entry.packed_size += block.bytes.size();
    if (first) {
        entry.offset = offset_;
        write(zip::local_header(entry));
    }
    write(block.bytes);
    if (block.last && !first) rewrite_header(entry);
}

void ZipWriter::write(std::string_view bytes) {
    if (!write_all(output_, bytes)) fail_errno("write the archive");
    offset_ += bytes.size();
}

void ZipWriter::rewrite_header(const zip::Entry& entry) {
    const std::string header = zip::local_header(entry);
    const auto place = static_cast<off_t>(start_ + entry.offset);
    const ssize_t written = ::pwrite(output_, header.data(), header.size(), place);
    if (written != static_cast<ssize_t>(header.size())) fail_errno("write the archive");
}

void ZipWriter::finish() {
    while (!waiting_.empty()) write_next();
    const std::uint64_t begin = offset_;
    std::string records;
    for (const zip::Entry& entry : entries_) {
        records += zip::directory_entry(entry);
        if (records.size() < Block::kBytes) continue;
        write(records);
        records.clear();
    }
    write(records);
    write(zip::end_records(entries_.size(), offset_ - begin, begin));
}

}  // namespace executors::helper
