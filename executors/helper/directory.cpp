#include "executors/helper/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace executors::helper {

namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kUserRights = S_IRUSR | S_IWUSR | S_IXUSR;
/// How many directories are held open, one in the other. A tree may be deeper than the limit of
/// open files.
constexpr int kMostHeld = 100;

struct CloseListing {
    void operator()(DIR* listing) const { ::closedir(listing); }
};

mode_t type_of(int directory, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return static_cast<mode_t>(DTTOIF(entry.d_type));
    return type_in(directory, entry.d_name);
}

/// Gives the user's rights to a directory that belongs to this user. `fd` may be one of O_PATH.
void add_own_rights(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || status.st_uid != ::geteuid()) return;
    if ((status.st_mode & kUserRights) == kUserRights) return;
    // fchmod(2) refuses a descriptor of O_PATH. A failure shows when the directory is used.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    static_cast<void>(::chmod(path.c_str(), (status.st_mode & 07777) | kUserRights));
}

class TreeRemover {
  public:
    explicit TreeRemover(int top) : top_(top) {}

    void remove(const std::string& name) {
        take(top_, name, 0);
        while (!moved_.empty()) {
            const std::string next = moved_.back();
            moved_.pop_back();
            take(top_, next, 0);
        }
        if (!failure_.empty()) throw Failure(failure_);
    }

  private:
    void take(int directory, const std::string& name, int depth) {
        if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return;
        if (errno != EISDIR && errno != EPERM) return note(name, errno);
        if (depth >= kMostHeld && move_up(directory, name)) return;
        try {
            const UniqueFd opened = enter_directory(directory, name);
            for (const auto& entry : entries_of(opened.get())) {
                take(opened.get(), entry.name, depth + 1);
            }
        } catch (const Failure& failure) {
            if (failure_.empty()) failure_ = failure.what();
            return;
        }
        if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
        if (errno == EBUSY) has_mounts_ = true;
        if (!has_mounts_) note(name, errno);
    }

    bool move_up(int directory, const std::string& name) {
        const std::string unused =
            ".runner-removal-" + std::to_string(::getpid()) + "-" + std::to_string(++count_);
        if (::renameat(directory, name.c_str(), top_, unused.c_str()) != 0) return false;
        moved_.push_back(unused);
        return true;
    }

    void note(const std::string& name, int code) {
        if (failure_.empty()) failure_ = errno_text("remove " + name, code);
    }

    int top_;
    int count_ = 0;
    bool has_mounts_ = false;
    std::vector<std::string> moved_;
    std::string failure_;
};

}  // namespace

namespace {

struct NewOwner {
    uid_t user;
    gid_t group;
    dev_t device;
};

void hand_over(int directory, const NewOwner& owner, int depth) {
    struct stat status {};
    if (::fstat(directory, &status) != 0 || status.st_dev != owner.device) return;
    // In a directory with the sticky bit, only owners remove files.
    const bool is_open = (status.st_mode & (S_IRWXO | S_ISVTX)) == S_IRWXO;
    if (status.st_uid != owner.user && !is_open)
        static_cast<void>(::fchown(directory, owner.user, owner.group) != 0);
    if (depth >= kMostHeld) return;
    for (const auto& entry : entries_of(directory)) {
        if (entry.type != S_IFDIR) continue;
        const UniqueFd inner(::openat(directory, entry.name.c_str(), kOpenDirectory));
        if (inner) hand_over(inner.get(), owner, depth + 1);
    }
}

}  // namespace

void hand_over_directories(const std::string& path, uid_t user, gid_t group) {
    const UniqueFd top(::open(path.c_str(), kOpenDirectory));
    struct stat status {};
    if (!top || ::fstat(top.get(), &status) != 0) return;
    hand_over(top.get(), {user, group, status.st_dev}, 0);
}

mode_t type_in(int directory, const std::string& name) {
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
        return status.st_mode & S_IFMT;
    if (errno == ENOENT) return 0;
    fail_errno("look at " + name);
}

off_t size_in(int directory, const std::string& name) {
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        fail_errno("look at " + name);
    return status.st_size;
}

std::vector<DirectoryEntry> entries_of(int directory) {
    const int opened = ::openat(directory, ".", kOpenDirectory);
    if (opened < 0) fail_errno("read a directory");
    const std::unique_ptr<DIR, CloseListing> listing(::fdopendir(opened));
    if (!listing) fail_errno("read a directory");
    std::vector<DirectoryEntry> entries;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") entries.push_back({name, type_of(directory, *entry)});
    }
    return entries;
}

UniqueFd enter_directory(int parent, const std::string& name) {
    UniqueFd opened(::openat(parent, name.c_str(), kOpenDirectory));
    if (!opened && errno == EACCES) {
        const UniqueFd closed(::openat(parent, name.c_str(), kOpenDirectory | O_PATH));
        if (closed) add_own_rights(closed.get());
        opened = UniqueFd(::openat(parent, name.c_str(), kOpenDirectory));
    }
    if (!opened) fail_errno("open directory " + name);
    add_own_rights(opened.get());
    return opened;
}

UniqueFd enter_directory(const std::string& path) { return enter_directory(AT_FDCWD, path); }

bool may_change(int directory) { return ::faccessat(directory, ".", R_OK | W_OK | X_OK, 0) == 0; }

std::string read_file_in(int directory, const std::string& name) {
    // O_NONBLOCK: a FIFO must not hold the program.
    const UniqueFd file(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) fail_errno("open " + name);
    return read_all(file.get());
}

void write_file_in(int directory, const std::string& name, std::string_view content,
                   std::optional<mode_t> mode) {
    remove_tree(directory, name);
    const UniqueFd file(::openat(directory, name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file || !write_all(file.get(), content)) fail_errno("write " + name);
    if (mode && ::fchmod(file.get(), *mode) != 0) fail_errno("set the mode of " + name);
}

void remove_tree(int top, const std::string& name) { TreeRemover(top).remove(name); }

void empty_directory(int directory) {
    std::string failure;
    for (const auto& entry : entries_of(directory)) {
        try {
            remove_tree(directory, entry.name);
        } catch (const Failure& first) {
            if (failure.empty()) failure = first.what();
        }
    }
    if (!failure.empty()) throw Failure(failure);
}

void open_own_directories(int directory) {
    for (const auto& entry : entries_of(directory)) {
        if (entry.type != S_IFDIR) continue;
        const UniqueFd opened = enter_directory(directory, entry.name);
        open_own_directories(opened.get());
    }
}

}  // namespace executors::helper
