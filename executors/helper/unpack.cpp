#include "executors/helper/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <future>
#include <memory>
#include <string_view>

#include "executors/helper/cores.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/staged_files.hpp"
#include "executors/helper/task_pool.hpp"
#include "executors/helper/tree_writer.hpp"
#include "executors/helper/zip_reader.hpp"

namespace executors::helper {

namespace {

struct ReadFree {
    void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ReadFree>;

[[noreturn]] void fail_archive(archive* reader, const std::string& doing) {
    const char* text = ::archive_error_string(reader);
    throw Failure(doing + ": " + (text != nullptr ? text : "damaged archive"));
}

/// The bytes of a name. In the C locale, libarchive does not convert them.
std::string text_of(const char* name) { return name != nullptr ? name : ""; }

TreeWriter::Member member_of(archive_entry* entry) {
    TreeWriter::Member member;
    member.path = text_of(::archive_entry_pathname(entry));
    member.mode = ::archive_entry_mode(entry);
    member.mtime = {::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)};
    member.link = text_of(::archive_entry_symlink(entry));
    member.hard_link = text_of(::archive_entry_hardlink(entry));
    return member;
}

void write_content(archive* reader, archive_entry* entry, const std::string& path, int file) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int code = ARCHIVE_OK;
    while ((code = ::archive_read_data_block(reader, &bytes, &size, &offset)) == ARCHIVE_OK) {
        if (::lseek(file, offset, SEEK_SET) < 0 ||
            !write_all(file, {static_cast<const char*>(bytes), size})) {
            fail_errno("write " + path);
        }
    }
    if (code != ARCHIVE_EOF) fail_archive(reader, "unpack " + path);
    // A hole at the end of a file has no data block.
    if (::archive_entry_size_is_set(entry) != 0 &&
        ::ftruncate(file, ::archive_entry_size(entry)) != 0) {
        fail_errno("write " + path);
    }
}

bool next_entry(archive* reader, archive_entry*& entry) {
    const int code = ::archive_read_next_header(reader, &entry);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) fail_archive(reader, "read the archive");
    return true;
}

std::size_t unpack_all(archive* reader, const std::string& destination) {
    TreeWriter writer(destination);
    std::size_t entries = 0;
    archive_entry* entry = nullptr;
    while (next_entry(reader, entry)) {
        const TreeWriter::Member member = member_of(entry);
        writer.add(member, [&](int file) { write_content(reader, entry, member.path, file); });
        ++entries;
    }
    writer.finish();
    return entries;
}

void write_member(const ZipReader& zip, const ZipMember& packed, TreeWriter::OpenFile file) {
    zip.read(packed, [&](std::string_view bytes) {
        if (!write_all(file.file.get(), bytes)) fail_errno("write " + packed.name);
    });
    TreeWriter::close(std::move(file));
}

/// Files are made in the archive's order, and written by all cores that this process may use.
std::size_t unpack_zip(const ZipReader& zip, const std::string& destination, StagedFiles* staged) {
    if (staged != nullptr) staged->move_tree(zip, destination);
    TreeWriter writer(destination);
    std::deque<std::future<void>> writing;
    TaskPool pool(usable_cores("FASTZIP_EXTRACTOR_CONCURRENCY"));
    const auto wait_for_first = [&writing] {
        auto first = std::move(writing.front());
        writing.pop_front();
        first.get();
    };
    for (const ZipMember& packed : zip.members()) {
        TreeWriter::Member member{packed.name, packed.mode, {packed.mtime, 0}, "", ""};
        if (S_ISLNK(packed.mode)) member.link = zip.read_link(packed);
        if (!S_ISREG(packed.mode)) {
            writer.add(member, {});
            continue;
        }
        if (staged != nullptr && staged->move(zip, packed, member, writer)) continue;
        auto file = writer.open(member);
        if (!file.file) continue;
        writing.push_back(pool.submit([&zip, &packed, file = std::move(file)]() mutable {
            write_member(zip, packed, std::move(file));
        }));
        while (writing.size() >= pool.depth()) wait_for_first();
    }
    while (!writing.empty()) wait_for_first();
    writer.finish();
    return zip.members().size();
}

std::uint64_t offset_of(int file) {
    const off_t offset = ::lseek(file, 0, SEEK_CUR);
    if (offset < 0) fail_errno("read the archive");
    return static_cast<std::uint64_t>(offset);
}

bool is_zstd(int file) {
    std::array<char, 4> magic{};
    const auto start = static_cast<off_t>(offset_of(file));
    const bool read =
        ::pread(file, magic.data(), magic.size(), start) == static_cast<ssize_t>(magic.size());
    return read && std::string_view(magic.data(), magic.size()) == "\x28\xb5\x2f\xfd";
}

Reader open_tar(int file, bool zstd) {
    Reader reader(::archive_read_new());
    ::archive_read_support_format_tar(reader.get());
    if (zstd) ::archive_read_support_filter_zstd(reader.get());
    if (::archive_read_open_fd(reader.get(), file, 64 * 1024) != ARCHIVE_OK)
        fail_archive(reader.get(), "open the archive");
    return reader;
}

ArchiveMember listed(archive_entry* entry) {
    const TreeWriter::Member found = member_of(entry);
    ArchiveMember member{found.path, found.mode, 0, 0, ""};
    if (S_ISREG(member.mode)) {
        member.size = ::archive_entry_size(entry);
        member.mtime = found.mtime.tv_sec;
    }
    if (S_ISLNK(member.mode)) member.link = found.link;
    return member;
}

ArchiveMember listed(const ZipReader& zip, const ZipMember& found) {
    ArchiveMember member{found.name, found.mode, 0, 0, ""};
    if (S_ISREG(member.mode)) {
        member.size = static_cast<std::int64_t>(found.size);
        member.mtime = found.mtime;
    }
    if (S_ISLNK(member.mode)) member.link = zip.read_link(found);
    return member;
}

}  // namespace

std::size_t unpack_tar(int input, const std::string& destination) {
    const Reader reader = open_tar(input, false);
    const std::size_t entries = unpack_all(reader.get(), destination);
    // The padding behind the archive is read too; otherwise the sender would write to a closed
    // pipe.
    std::array<char, 4096> rest;
    while (read_some(input, rest.data(), rest.size()) > 0) {
    }
    return entries;
}

std::size_t unpack_archive(int file, const std::string& destination, StagedFiles* staged) {
    if (!is_zstd(file)) return unpack_zip(ZipReader(file, offset_of(file)), destination, staged);
    const Reader reader = open_tar(file, true);
    return unpack_all(reader.get(), destination);
}

std::vector<ArchiveMember> list_archive(int file) {
    std::vector<ArchiveMember> members;
    if (is_zstd(file)) {
        const Reader reader = open_tar(file, true);
        archive_entry* entry = nullptr;
        while (next_entry(reader.get(), entry)) members.push_back(listed(entry));
    } else {
        const ZipReader zip(file, offset_of(file));
        for (const ZipMember& member : zip.members()) members.push_back(listed(zip, member));
    }
    for (ArchiveMember& member : members) {
        if (member.path.ends_with('/')) member.path.pop_back();
    }
    return members;
}

}  // namespace executors::helper
