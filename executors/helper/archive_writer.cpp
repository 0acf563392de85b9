#include "executors/helper/archive_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <vector>

#include "base/encoding.hpp"
#include "executors/helper/cores.hpp"
#include "executors/helper/deflate_block.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/zip_writer.hpp"
#include "executors/helper/zstd_frame.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

struct WriteFree {
    void operator()(archive* writer) const { ::archive_write_free(writer); }
};
struct EntryFree {
    void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, WriteFree>;
using Entry = std::unique_ptr<archive_entry, EntryFree>;

void check(archive* writer, int code, const std::string& doing) {
    if (code >= ARCHIVE_WARN) return;
    const char* text = ::archive_error_string(writer);
    throw Failure(doing + ": " + (text != nullptr ? text : "unknown error"));
}

/// One buffer is enough: one thread reads one file at a time.
std::vector<char>& file_buffer() {
    static std::vector<char> buffer(kChunkBytes);
    return buffer;
}

UniqueFd open_member(const std::string& path, const Report& report) {
    UniqueFd file = open_long(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file && errno == ENOENT) report.warning(path + ": it has vanished meanwhile");
    if (!file && errno != ENOENT) fail_errno("read " + path);
    return file;
}

Writer open_tar_writer(int output, int level) {
    Writer writer(::archive_write_new());
    ::archive_write_set_format_pax_restricted(writer.get());
    ::archive_write_add_filter_zstd(writer.get());
    const std::string zstd = std::to_string(zstd_level(level));
    check(
        writer.get(),
        ::archive_write_set_filter_option(writer.get(), "zstd", "compression-level", zstd.c_str()),
        "set the level of compression");
    // Names are bytes.
    check(writer.get(),
          ::archive_write_set_format_option(writer.get(), nullptr, "hdrcharset", "BINARY"),
          "set the character set");
    ::archive_write_set_bytes_in_last_block(writer.get(), 1);
    check(writer.get(), ::archive_write_open_fd(writer.get(), output), "begin the archive");
    return writer;
}

void copy_content(archive* writer, int file, const std::string& path) {
    auto& buffer = file_buffer();
    ssize_t count = 0;
    while ((count = read_some(file, buffer.data(), buffer.size())) > 0) {
        const la_ssize_t taken =
            ::archive_write_data(writer, buffer.data(), static_cast<std::size_t>(count));
        if (taken < 0) check(writer, static_cast<int>(taken), "archive " + path);
        if (taken < count) return;  // the file has grown meanwhile
    }
    if (count < 0) fail_errno("read " + path);
}

/// Whether compression makes a file smaller, judged by three samples of it. Archives, pictures and
/// the like are stored uncompressed, which is many times faster.
bool is_worth_packing(int file, std::int64_t size) {
    constexpr std::int64_t kSample = 32 * 1024;
    if (size < 4 * kSample) return true;
    std::string sample(kSample, '\0');
    std::size_t read = 0;
    std::size_t made = 0;
    for (const std::int64_t at : {std::int64_t{0}, size / 2, size - kSample}) {
        const ssize_t count = ::pread(file, sample.data(), sample.size(), at);
        if (count <= 0) return true;
        read += static_cast<std::size_t>(count);
        made += quick_packed_size({sample.data(), static_cast<std::size_t>(count)});
    }
    return made < read - read / 20;
}

std::string member_name(const std::string& path, const struct stat& status) {
    return S_ISDIR(status.st_mode) ? path + "/" : path;
}

void write_zip(zip::Method packing, int level, const Selection& selection, int output,
               const Report& report, const std::vector<ExtraFile>& extras) {
    ZipWriter writer(output, level, usable_cores("FASTZIP_ARCHIVER_CONCURRENCY"), packing);
    for (const auto& [path, status] : selection) {
        if (!S_ISREG(status.st_mode)) {
            writer.add_text(member_name(path, status), status,
                            S_ISLNK(status.st_mode) ? link_target_long(path) : "");
            continue;
        }
        const UniqueFd file = open_member(path, report);
        if (!file) continue;
        const bool store = level == 0 || !is_worth_packing(file.get(), status.st_size);
        writer.add_file(path, status, file.get(), store);
    }
    struct stat status {};
    status.st_mode = S_IFREG | 0644;
    status.st_mtime = static_cast<time_t>(now_us() / 1'000'000);
    for (const ExtraFile& extra : extras) writer.add_text(extra.name, status, extra.content);
    writer.finish();
}

void write_tar(int level, const Selection& selection, int output, const Report& report) {
    const Writer writer = open_tar_writer(output, level);
    const Entry entry(::archive_entry_new());
    for (const auto& [path, status] : selection) {
        UniqueFd file;
        if (S_ISREG(status.st_mode)) {
            file = open_member(path, report);
            if (!file) continue;
        }
        ::archive_entry_clear(entry.get());
        ::archive_entry_copy_stat(entry.get(), &status);
        ::archive_entry_set_nlink(entry.get(), 1);
        ::archive_entry_set_pathname(entry.get(), member_name(path, status).c_str());
        if (S_ISLNK(status.st_mode))
            ::archive_entry_set_symlink(entry.get(), link_target_long(path).c_str());
        check(writer.get(), ::archive_write_header(writer.get(), entry.get()), "archive " + path);
        if (file) copy_content(writer.get(), file.get(), path);
        check(writer.get(), ::archive_write_finish_entry(writer.get()), "archive " + path);
    }
    check(writer.get(), ::archive_write_close(writer.get()), "finish the archive");
}

bool is_plain_in_comment(char c) { return c > 0x20 && c < 0x7f && c != '%'; }

/// The comment in a gzip header: the path, or its escaped form when it is not plain ASCII.
std::string gzip_comment(const std::string& path) {
    const bool plain = std::all_of(path.begin(), path.end(),
                                   [](char c) { return c == ' ' || is_plain_in_comment(c); });
    return plain ? path : "e:" + base::percent_encode(path, is_plain_in_comment);
}

struct Deflater {
    z_stream stream{};
    ~Deflater() { ::deflateEnd(&stream); }
};

void deflate_file(z_stream& stream, int input, int output, const std::string& path) {
    auto& buffer = file_buffer();
    std::vector<unsigned char> packed(kChunkBytes);
    int flush = Z_NO_FLUSH;
    while (flush != Z_FINISH) {
        const ssize_t count = read_some(input, buffer.data(), buffer.size());
        if (count < 0) fail_errno("read " + path);
        flush = count == 0 ? Z_FINISH : Z_NO_FLUSH;
        stream.next_in = reinterpret_cast<unsigned char*>(buffer.data());
        stream.avail_in = static_cast<unsigned>(count);
        do {
            stream.next_out = packed.data();
            stream.avail_out = static_cast<unsigned>(packed.size());
            if (::deflate(&stream, flush) == Z_STREAM_ERROR)
                throw Failure("compress " + path + ": zlib failed");
            const std::size_t made = packed.size() - stream.avail_out;
            if (!write_all(output, {reinterpret_cast<const char*>(packed.data()), made})) {
                fail_errno("write the archive");
            }
        } while (stream.avail_out == 0);
    }
}

void write_gzip_member(const std::string& path, const struct stat& status, int level, int output,
                       const Report& report) {
    if (!S_ISREG(status.st_mode)) throw Failure("the \"" + path + "\" is not a regular file");
    const UniqueFd file = open_member(path, report);
    if (!file) return;
    constexpr int kGzipWindow = 15 + 16;
    Deflater deflater;
    if (::deflateInit2(&deflater.stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw Failure("compress " + path + ": zlib could not begin");
    }
    std::string name = base_name(path);
    std::string comment = gzip_comment(path);
    gz_header header{};
    header.name = reinterpret_cast<unsigned char*>(name.data());
    header.comment = reinterpret_cast<unsigned char*>(comment.data());
    header.time = static_cast<uLong>(status.st_mtime);
    header.os = 255;
    ::deflateSetHeader(&deflater.stream, &header);
    deflate_file(deflater.stream, file.get(), output, path);
}

void write_raw(const Selection& selection, int output, const Report& report) {
    if (selection.size() != 1) throw Failure("only one file can be sent as raw");
    const auto& [path, status] = *selection.begin();
    if (!S_ISREG(status.st_mode)) throw Failure("only one file can be sent as raw");
    const UniqueFd file = open_member(path, report);
    if (!file) return;
    auto& buffer = file_buffer();
    ssize_t count = 0;
    while ((count = read_some(file.get(), buffer.data(), buffer.size())) > 0) {
        if (!write_all(output, {buffer.data(), static_cast<std::size_t>(count)}))
            fail_errno("write the archive");
    }
    if (count < 0) fail_errno("read " + path);
}

}  // namespace

ArchiveFormat parse_archive_format(const std::string& text) {
    if (text.empty() || text == "zip") return ArchiveFormat::kZip;
    if (text == "gzip") return ArchiveFormat::kGzip;
    if (text == "raw") return ArchiveFormat::kRaw;
    if (text == "tarzstd") return ArchiveFormat::kTarZstd;
    if (text == "zipzstd") return ArchiveFormat::kZipZstd;
    throw Failure("archive format \"" + text +
                  "\" is not known: zip, zipzstd, tarzstd, gzip and raw are");
}

std::string archive_file_name(const std::string& name, ArchiveFormat format) {
    switch (format) {
        case ArchiveFormat::kZip:
        case ArchiveFormat::kZipZstd: return name + ".zip";
        case ArchiveFormat::kGzip: return name + ".gz";
        case ArchiveFormat::kTarZstd: return name + ".tar.zst";
        case ArchiveFormat::kRaw: break;
    }
    return name;
}

int compression_level(std::string_view text) {
    if (text == "fastest") return 0;
    if (text == "fast") return 1;
    if (text.empty() || text == "default") return kDefaultLevel;
    if (text == "slow") return 7;
    if (text == "slowest") return 9;
    return -1;
}

void write_archive(ArchiveFormat format, int level, const Selection& selection, int output,
                   const Report& report, const std::vector<ExtraFile>& extras) {
    const auto as_zip = [&](zip::Method packing) {
        write_zip(packing, level, selection, output, report, extras);
    };
    switch (format) {
        case ArchiveFormat::kZip: return as_zip(zip::Method::kDeflate);
        case ArchiveFormat::kZipZstd: return as_zip(zip::Method::kZstd);
        case ArchiveFormat::kTarZstd: return write_tar(level, selection, output, report);
        case ArchiveFormat::kRaw: return write_raw(selection, output, report);
        case ArchiveFormat::kGzip: break;
    }
    for (const auto& [path, status] : selection)
        write_gzip_member(path, status, level, output, report);
}

}  // namespace executors::helper
