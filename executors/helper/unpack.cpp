#include "executors/helper/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "executors/helper/file_work.hpp"

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

/// libarchive gives a UTF-8 name only as `utf8` in the C locale, and other names only as `plain`.
std::string text_of(const char* plain, const char* utf8) {
    if (plain != nullptr) return plain;
    return utf8 != nullptr ? utf8 : "";
}

class Unpacker {
  public:
    Unpacker(archive* reader, const std::string& destination)
        : reader_(reader), tree_(destination) {}

    void take(archive_entry* entry) {
        path_ = text_of(::archive_entry_pathname(entry), ::archive_entry_pathname_utf8(entry));
        const std::string hard =
            text_of(::archive_entry_hardlink(entry), ::archive_entry_hardlink_utf8(entry));
        place_ = tree_.locate(path_);
        if (place_.name.empty()) return;
        if (!hard.empty()) return link_hard(hard);
        switch (::archive_entry_filetype(entry)) {
            case AE_IFDIR: return make_directory(entry);
            case AE_IFREG: return write_file(entry);
            case AE_IFLNK: return link_symbolic(entry);
            default: throw Failure("an archive may not hold devices and pipes: " + path_);
        }
    }

  private:
    void clear_place() const {
        if (::unlinkat(place_.directory.get(), place_.name.c_str(), 0) == 0 || errno == ENOENT)
            return;
        fail_errno("replace " + path_);
    }

    void make_directory(archive_entry* entry) const {
        const int parent = place_.directory.get();
        const char* name = place_.name.c_str();
        if (::mkdirat(parent, name, 0755) != 0 && errno != EEXIST) fail_errno("make " + path_);
        const UniqueFd made(
            ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made) fail_errno("open " + path_);
        ::fchmod(made.get(), (::archive_entry_perm(entry) & 0777) | 0700);
    }

    void write_file(archive_entry* entry) const {
        clear_place();
        const UniqueFd file(::openat(place_.directory.get(), place_.name.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file) fail_errno("make " + path_);
        const void* bytes = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        int code = ARCHIVE_OK;
        while ((code = ::archive_read_data_block(reader_, &bytes, &size, &offset)) == ARCHIVE_OK) {
            if (::lseek(file.get(), offset, SEEK_SET) < 0 ||
                !write_all(file.get(), {static_cast<const char*>(bytes), size})) {
                fail_errno("write " + path_);
            }
        }
        if (code != ARCHIVE_EOF) fail_archive(reader_, "unpack " + path_);
        // A hole at the end of a file has no data block.
        if (::archive_entry_size_is_set(entry) != 0 &&
            ::ftruncate(file.get(), ::archive_entry_size(entry)) != 0) {
            fail_errno("write " + path_);
        }
        ::fchmod(file.get(), ::archive_entry_perm(entry) & 0777);
        const std::array<timespec, 2> times{
            timespec{0, UTIME_OMIT},
            timespec{::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)}};
        ::futimens(file.get(), times.data());
    }

    void link_symbolic(archive_entry* entry) const {
        clear_place();
        const auto target =
            text_of(::archive_entry_symlink(entry), ::archive_entry_symlink_utf8(entry));
        if (::symlinkat(target.c_str(), place_.directory.get(), place_.name.c_str()) != 0) {
            fail_errno("link " + path_);
        }
    }

    void link_hard(const std::string& target) const {
        clear_place();
        const Tree::Place from = tree_.locate(target);
        if (::linkat(from.directory.get(), from.name.c_str(), place_.directory.get(),
                     place_.name.c_str(), 0) != 0) {
            fail_errno("link " + path_ + " to " + target);
        }
    }

    archive* reader_;
    Tree tree_;
    std::string path_;
    Tree::Place place_;
};

bool next_entry(archive* reader, archive_entry*& entry) {
    const int code = ::archive_read_next_header(reader, &entry);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) fail_archive(reader, "read the archive");
    return true;
}

std::size_t unpack_all(archive* reader, const std::string& destination) {
    Unpacker unpacker(reader, destination);
    std::size_t entries = 0;
    archive_entry* entry = nullptr;
    while (next_entry(reader, entry)) {
        unpacker.take(entry);
        ++entries;
    }
    return entries;
}

/// Modes and links of a zip are in the directory at its end, so it is read with seeks.
Reader open_file_reader(int file) {
    Reader reader(::archive_read_new());
    ::archive_read_support_format_zip_seekable(reader.get());
    ::archive_read_support_format_tar(reader.get());
    ::archive_read_support_filter_zstd(reader.get());
    if (::archive_read_open_fd(reader.get(), file, 64 * 1024) != ARCHIVE_OK) {
        fail_archive(reader.get(), "open the archive");
    }
    return reader;
}

}  // namespace

std::size_t unpack_tar(int input, const std::string& destination) {
    const Reader reader(::archive_read_new());
    ::archive_read_support_format_tar(reader.get());
    if (::archive_read_open_fd(reader.get(), input, 64 * 1024) != ARCHIVE_OK) {
        fail_archive(reader.get(), "open the archive");
    }
    const std::size_t entries = unpack_all(reader.get(), destination);
    // The padding behind the archive is read too; otherwise the sender would write to a closed
    // pipe.
    std::array<char, 4096> rest;
    while (read_some(input, rest.data(), rest.size()) > 0) {
    }
    return entries;
}

std::size_t unpack_archive(int file, const std::string& destination) {
    const Reader reader = open_file_reader(file);
    return unpack_all(reader.get(), destination);
}

std::vector<ArchiveMember> list_archive(int file) {
    const Reader reader = open_file_reader(file);
    std::vector<ArchiveMember> members;
    archive_entry* entry = nullptr;
    while (next_entry(reader.get(), entry)) {
        ArchiveMember member;
        member.path =
            text_of(::archive_entry_pathname(entry), ::archive_entry_pathname_utf8(entry));
        if (!member.path.empty() && member.path.back() == '/') member.path.pop_back();
        member.mode = ::archive_entry_mode(entry);
        if (S_ISREG(member.mode)) {
            member.size = ::archive_entry_size(entry);
            member.mtime = ::archive_entry_mtime(entry);
        }
        if (S_ISLNK(member.mode)) {
            member.link =
                text_of(::archive_entry_symlink(entry), ::archive_entry_symlink_utf8(entry));
        }
        members.push_back(std::move(member));
    }
    return members;
}

}  // namespace executors::helper
