#include "base/file_replacement.hpp"

#include <fcntl.h>
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
            sibling.keep();
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
    fs::path keep() { return std::exchange(path_, fs::path()); }

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

/// The file, open for a change in place.
Result<UniqueFd> open_in_place(const fs::path& path, std::size_t bytes) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return errno_error("write " + path.string());
    if (auto room = reserve(fd.get(), path, bytes); !room) return room.error();
    return fd;
}

/// Overwrites `former_size` bytes. Line ends fill the rest until the file is cut: nobody reads the
/// new text with an end of the former one.
Result<void> overwrite(int fd, std::string_view text, std::size_t former_size) {
    std::string filled(text);
    filled.resize(std::max(text.size(), former_size), '\n');
    if (::lseek(fd, 0, SEEK_SET) != 0) return errno_error("seek");
    if (auto written = write_fully(fd, filled); !written) return written.error();
    if (::ftruncate(fd, static_cast<off_t>(text.size())) != 0) return errno_error("cut");
    if (::fsync(fd) != 0) return errno_error("sync");
    return {};
}

struct InPlaceFailure {
    Error error;
    bool damaged;  ///< the former text could not be put back
};

std::optional<InPlaceFailure> write_in_place(const fs::path& path, std::string_view text,
                                             mode_t mode) {
    auto fd = open_in_place(path, text.size());
    if (!fd) return InPlaceFailure{fd.error(), false};
    const auto former = read_file(path);
    if (!former) return InPlaceFailure{former.error(), false};
    // Of a file that belongs to somebody else, that user decides who may read it.
    if (::fchmod(fd->get(), mode) != 0 && errno != EPERM)
        return InPlaceFailure{errno_error("chmod " + path.string()), false};
    const auto done = overwrite(fd->get(), text, former->size());
    if (done) return std::nullopt;
    const auto restored = overwrite(fd->get(), *former, text.size());
    return InPlaceFailure{done.error().with_context("write " + path.string()), !restored};
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
    auto failure = write_in_place(path, text, mode);
    if (!failure) return {};
    if (!failure->damaged) return failure->error;
    const std::string copy =
        sibling ? "; the new text is in " + sibling->keep().string() : std::string();
    return failure->error.with_context("the text of " + path.string() + " is damaged" + copy);
}

Result<void> check_replaceable(const fs::path& path, std::size_t bytes) {
    const auto former = facts_of(path);
    if (!former) return former.error();
    const auto sibling = Sibling::make(path, std::string(bytes, '\n'), 0600, *former);
    if (!*former) return sibling ? Result<void>() : sibling.error();
    if (sibling && is_plain_entry(path)) return {};
    const auto in_place = open_in_place(path, bytes);
    return in_place ? Result<void>() : in_place.error();
}

}  // namespace base
