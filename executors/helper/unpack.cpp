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

/// A name that is UTF-8 in the archive has no plain form in the C locale, and the reverse.
std::string text_of(const char* plain, const char* utf8) {
    if (plain != nullptr) return plain;
    return utf8 != nullptr ? utf8 : "";
}

class Unpacker {
  public:
    Unpacker(archive* reader, const std::string& destination, const User* owner)
        : reader_(reader), tree_(destination), owner_(owner) {}

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
        if (::unlinkat(place_.directory.get(), place_.name.c_str(), 0) == 0 || errno == ENOENT) return;
        fail_errno("replace " + path_);
    }

    void make_directory(archive_entry* entry) const {
        const int parent = place_.directory.get();
        const char* name = place_.name.c_str();
        if (::mkdirat(parent, name, 0755) != 0 && errno != EEXIST) fail_errno("make " + path_);
        const Fd made(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made) fail_errno("open " + path_);
        ::fchmod(made.get(), (::archive_entry_perm(entry) & 0777) | 0700);
        give_to_owner(made.get());
    }

    void write_file(archive_entry* entry) const {
        clear_place();
        const Fd file(::openat(place_.directory.get(), place_.name.c_str(),
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
        if (::ftruncate(file.get(), ::archive_entry_size(entry)) != 0) fail_errno("write " + path_);
        ::fchmod(file.get(), ::archive_entry_perm(entry) & 0777);
        give_to_owner(file.get());
        const std::array<timespec, 2> times{
            timespec{0, UTIME_OMIT},
            timespec{::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)}};
        ::futimens(file.get(), times.data());
    }

    void link_symbolic(archive_entry* entry) const {
        clear_place();
        const auto target = text_of(::archive_entry_symlink(entry), ::archive_entry_symlink_utf8(entry));
        if (::symlinkat(target.c_str(), place_.directory.get(), place_.name.c_str()) != 0) {
            fail_errno("link " + path_);
        }
        if (owner_ != nullptr && ::fchownat(place_.directory.get(), place_.name.c_str(), owner_->uid,
                                            owner_->gid, AT_SYMLINK_NOFOLLOW) != 0) {
            fail_errno("hand over " + path_);
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

    void give_to_owner(int fd) const {
        if (owner_ != nullptr && ::fchown(fd, owner_->uid, owner_->gid) != 0) {
            fail_errno("hand over " + path_);
        }
    }

    archive* reader_;
    Tree tree_;
    const User* owner_;
    std::string path_;
    Tree::Place place_;
};

}  // namespace

std::size_t unpack_tar(int input, const std::string& destination, const User* owner) {
    const Reader reader(::archive_read_new());
    ::archive_read_support_format_tar(reader.get());
    if (::archive_read_open_fd(reader.get(), input, 64 * 1024) != ARCHIVE_OK) {
        fail_archive(reader.get(), "open the archive");
    }
    Unpacker unpacker(reader.get(), destination, owner);
    std::size_t entries = 0;
    archive_entry* entry = nullptr;
    int code = ARCHIVE_OK;
    while ((code = ::archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK ||
           code == ARCHIVE_WARN) {
        unpacker.take(entry);
        ++entries;
    }
    if (code != ARCHIVE_EOF) fail_archive(reader.get(), "read the archive");
    // The padding behind the end is read too, or the sender would meet a closed pipe.
    std::array<char, 4096> rest;
    while (read_some(input, rest.data(), rest.size()) > 0) {
    }
    return entries;
}

}  // namespace executors::helper
