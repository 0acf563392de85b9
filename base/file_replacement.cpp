#include "base/file_replacement.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/files.hpp"
#include "base/random.hpp"

namespace base {

namespace fs = std::filesystem;

namespace {

using Facts = std::optional<struct stat>;

/// Nothing for a missing file.
Result<Facts> facts_of(const fs::path& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) {
        if (errno == ENOENT) return Facts();
        return errno_error("read " + path.string());
    }
    if (S_ISREG(facts.st_mode)) return Facts(facts);
    return make_error(ErrorKind::kIo, path.string() + " is not a regular file");
}

/// A new file in the same directory with the owner of `path`, synced. It is removed at the end
/// unless it was renamed or is to be kept.
class Sibling {
  public:
    static Result<Sibling> make(const fs::path& path, std::string_view text, mode_t mode,
                                const Facts& former) {
        Sibling sibling(path.string() + "." + random_hex(4) + ".tmp");
        const fs::path& place = sibling.path_;
        const UniqueFd fd(::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
        if (!fd) {
            const Error failure = errno_error("create " + place.string());
            sibling.path_.clear();
            return failure;
        }
        if (auto written = write_fully(fd.get(), text); !written)
            return written.error().with_context(place.string());
        if (::fchmod(fd.get(), mode) != 0) return errno_error("chmod " + place.string());
        if (former && former->st_uid != ::geteuid() &&
            ::fchown(fd.get(), former->st_uid, former->st_gid) != 0)
            return errno_error("give " + place.string() + " to the owner of " + path.string());
        if (::fsync(fd.get()) != 0) return errno_error("sync " + place.string());
        return sibling;
    }
    Sibling(Sibling&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
    Sibling(const Sibling&) = delete;
    Sibling& operator=(const Sibling&) = delete;
    Sibling& operator=(Sibling&&) = delete;
    ~Sibling() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    /// Takes the place of `path`, which is a file of the same directory.
    Result<void> replace(const fs::path& path) {
        if (::rename(path_.c_str(), path.c_str()) != 0)
            return errno_error("replace " + path.string());
        path_.clear();
        const UniqueFd directory(::open(path.has_parent_path() ? path.parent_path().c_str() : ".",
                                        O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (directory) ::fsync(directory.get());
        return {};
    }

  private:
    explicit Sibling(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

/// Blocks for `bytes` bytes, so that a full disk is noticed before the first byte is changed.
Result<void> reserve(int fd, const fs::path& path, std::size_t bytes) {
    if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0,
                    static_cast<off_t>(std::max<std::size_t>(bytes, 1))) == 0)
        return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
    return errno_error("write " + path.string());
}

Result<UniqueFd> open_in_place(const fs::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return errno_error("write " + path.string());
    return fd;
}

/// Says to other processes, for as long as the file is open, that its text is being changed. False
/// when another one has said it, be it a script that calls this program with a lock of its own.
bool claim(const UniqueFd& fd) { return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0; }

Result<void> write_synced(int fd, std::size_t offset, std::string_view bytes) {
    if (::lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0) return errno_error("seek");
    if (auto written = write_fully(fd, bytes); !written) return written.error();
    if (::fsync(fd) != 0) return errno_error("sync");
    return {};
}

Result<void> cut_synced(int fd, std::size_t size) {
    if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return errno_error("cut");
    if (::fsync(fd) != 0) return errno_error("sync");
    return {};
}

/// Ends a change: `text`, and line ends up to the copy, whose place is `place`; then the copy goes.
Result<void> put_text(int fd, std::string_view text, std::size_t place) {
    std::string head(text);
    head.resize(std::max(text.size(), place), '\n');
    if (auto written = write_synced(fd, 0, head); !written) return written.error();
    return cut_synced(fd, text.size());
}

/// The text of the file. A change in it that has not ended is undone before.
Result<std::string> whole_text(int fd, const fs::path& path) {
    auto found = read_file(path);
    if (!found) return found;
    auto interrupted = interrupted_change(*found);
    if (!interrupted) return found;
    auto put = put_text(fd, interrupted->text, interrupted->place);
    if (!put) return put.error().with_context("put back the text of " + path.string());
    return std::move(interrupted->text);
}

std::size_t bytes_in_place(std::string_view former, const InPlaceChange& change) {
    return former.size() + change.copy.size();
}

Result<void> write_in_place(const fs::path& path, std::string_view text, mode_t mode) {
    const auto fd = open_in_place(path);
    if (!fd) return fd.error();
    (void)claim(*fd);
    const auto former = whole_text(fd->get(), path);
    if (!former) return former.error();
    const auto change = plan_in_place_change(*former, text);
    if (auto room = reserve(fd->get(), path, bytes_in_place(*former, change)); !room) return room;
    // Of a file that belongs to somebody else, that user decides who may read it.
    if (::fchmod(fd->get(), mode) != 0 && errno != EPERM)
        return errno_error("chmod " + path.string());
    if (auto copied = write_synced(fd->get(), former->size(), change.copy); !copied) {
        (void)cut_synced(fd->get(), former->size());
        return copied.error().with_context("write " + path.string());
    }
    const auto done = put_text(fd->get(), text, change.head.size());
    if (done) return {};
    const auto undone = put_text(fd->get(), *former, change.head.size());
    if (undone) return done.error().with_context("write " + path.string());
    return done.error().with_context(
        path.string() +
        " is damaged; its former text is at its end as comments, and is put back at the next start "
        "or change");
}

/// Whether nothing but its directory decides about a rename to this path: no mount, no attribute.
bool is_plain_entry(const fs::path& path) {
    constexpr std::uint64_t kFixed =
        STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_MOUNT_ROOT;
    struct statx facts {};
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &facts) != 0) return false;
    return (facts.stx_attributes & kFixed) == 0;
}

}  // namespace

Result<void> replace_file(const fs::path& path, std::string_view text, mode_t mode) {
    const auto former = facts_of(path);
    if (!former) return former.error();
    auto sibling = Sibling::make(path, text, mode, *former);
    auto replaced = sibling ? sibling->replace(path) : Result<void>(sibling.error());
    if (replaced || !*former) return replaced;
    return write_in_place(path, text, mode);
}

Result<void> check_replaceable(const fs::path& path, std::size_t bytes) {
    const auto former = facts_of(path);
    if (!former) return former.error();
    const auto sibling = Sibling::make(path, std::string(bytes, '\n'), 0600, *former);
    if (!*former) return sibling ? Result<void>() : sibling.error();
    if (sibling && is_plain_entry(path)) return {};
    const auto in_place = open_in_place(path);
    if (!in_place) return in_place.error();
    const auto text = read_file(path);
    if (!text) return text.error();
    const auto change = plan_in_place_change(*text, std::string(bytes, '\n'));
    return reserve(in_place->get(), path, bytes_in_place(*text, change));
}

Result<std::optional<WholeText>> end_interrupted_change(const fs::path& path) {
    using Ended = std::optional<WholeText>;
    const auto facts = facts_of(path);
    if (!facts || !*facts) return Ended();
    const auto seen = read_file(path);
    if (!seen) return Ended();
    const auto interrupted = interrupted_change(*seen);
    if (!interrupted) return Ended();
    const auto fd = open_in_place(path);
    if (!fd) return fd.error();
    if (!claim(*fd)) return Ended();
    const auto text = whole_text(fd->get(), path);
    if (!text) return text.error();
    return Ended(interrupted->which);
}

}  // namespace base
