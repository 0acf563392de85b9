#include "executors/helper/data_root.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "executors/helper/directory.hpp"

namespace executors::helper {

namespace {

constexpr const char* kOwn = ".runner";
constexpr const char* kMarker = "marker.json";
constexpr const char* kNewMarker = "marker.json.new";
constexpr const char* kLock = "lock";
constexpr const char* kTrash = "trash";
constexpr std::size_t kMarkerLimit = 4096;
constexpr std::uint64_t kLeastBytes = 256ULL << 20U;
constexpr std::uint64_t kLeastInodes = 5000;
constexpr int kDeepest = 64;
constexpr std::size_t kMountsLimit = 1U << 20U;

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::string unused_name() {
    std::array<unsigned char, 8> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        fail_errno("get random bytes");
    std::array<char, 2 * bytes.size() + 1> text{};
    for (std::size_t i = 0; i < bytes.size(); ++i) std::snprintf(&text[2 * i], 3, "%02x", bytes[i]);
    return text.data();
}

/// A privileged job can forbid root to change a file (chattr +i, +a).
void allow_changes(int fd) {
    int flags = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return;
    const int allowed = flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    if (allowed != flags) static_cast<void>(::ioctl(fd, FS_IOC_SETFLAGS, &allowed));
}

UniqueFd open_entry(int directory, const std::string& name) {
    return UniqueFd(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

void allow_changes_below(int directory, int depth) {
    allow_changes(directory);
    for (const auto& entry : entries_of(directory)) {
        if (entry.type != S_IFDIR && entry.type != S_IFREG) continue;
        const UniqueFd opened = open_entry(directory, entry.name);
        if (!opened) continue;
        if (entry.type == S_IFREG) allow_changes(opened.get());
        if (entry.type == S_IFDIR && depth < kDeepest) allow_changes_below(opened.get(), depth + 1);
    }
}

/// A directory of this name; what else has the name is given another one.
UniqueFd own_directory(int parent, const std::string& name) {
    for (int tries = 0; tries < 2; ++tries) {
        UniqueFd found(::openat(parent, name.c_str(), kDirectory));
        if (found) {
            allow_changes(found.get());
            return found;
        }
        if (errno != ENOENT) {
            const std::string other = name + "-" + unused_name();
            if (::renameat(parent, name.c_str(), parent, other.c_str()) != 0)
                fail_errno("rename " + name);
        }
        if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
            fail_errno("make " + name);
    }
    fail_errno("open " + name);
}

/// The mount points of this process, with \040 and the like for other characters.
std::vector<std::string> mount_points() {
    std::vector<std::string> points;
    const std::string text = read_file_end("/proc/self/mountinfo", kMountsLimit);
    for (const auto& line : split_text(text, '\n')) {
        const auto fields = split_text(line, ' ');
        if (fields.size() > 4) points.push_back(fields[4]);
    }
    return points;
}

/// flock(2) has no limit: a timer interrupts it, again and again, since the first signal may come
/// before the call.
bool lock_within(int fd, std::int64_t limit_ms) {
    constexpr itimerval kTicks{{0, 100'000}, {0, 100'000}};
    constexpr itimerval kNone{};
    struct sigaction interrupt {};
    struct sigaction former {};
    interrupt.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &interrupt, &former);
    ::setitimer(ITIMER_REAL, &kTicks, nullptr);
    const std::int64_t until = monotonic_ms() + limit_ms;
    int locked = -1;
    do {
        locked = ::flock(fd, LOCK_EX);
    } while (locked != 0 && errno == EINTR && monotonic_ms() < until);
    const int error = errno;
    ::setitimer(ITIMER_REAL, &kNone, nullptr);
    ::sigaction(SIGALRM, &former, nullptr);
    errno = error;
    if (locked != 0 && error != EINTR) fail_errno("lock the engine's data");
    return locked == 0;
}

}  // namespace

DataRoot::DataRoot(const std::string& path)
    : root_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) fail_errno("open " + path);
    allow_changes(root_.get());
    own_ = own_directory(root_.get(), kOwn);
    tidy_own();
}

/// A job may have put anything here, and forbidden to change it.
void DataRoot::tidy_own() {
    const auto entries = entries_of(own_.get());
    for (const auto& entry : entries) {
        if (const UniqueFd opened = open_entry(own_.get(), entry.name)) allow_changes(opened.get());
        // Where things are set aside comes first.
        if (entry.name == kTrash && entry.type != S_IFDIR) ::unlinkat(own_.get(), kTrash, 0);
    }
    for (const auto& entry : entries) {
        const std::string& name = entry.name;
        const bool file = name == kMarker || name == kNewMarker || name == kLock;
        if (name != kTrash && !(file && entry.type == S_IFREG)) set_aside(own_.get(), name);
    }
}

UniqueFd DataRoot::lock(std::int64_t limit_ms) {
    if (type_in(own_.get(), kLock) != S_IFREG) remove_tree(own_.get(), kLock);
    // Not close-on-exec: the programs that this one becomes hold it.
    UniqueFd file(::openat(own_.get(), kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file) fail_errno("open the lock of the engine's data");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK) fail_errno("lock the engine's data");
    if (limit_ms <= 0 || !lock_within(file.get(), limit_ms))
        throw Failure("another container uses the engine's data");
    return file;
}

std::optional<DataMarker> DataRoot::marker() const {
    const auto text = read_small_file(own_.get(), kMarker, kMarkerLimit);
    return text ? parse_marker(*text) : std::nullopt;
}

void DataRoot::mark(const DataMarker& marker) {
    write_file_in(own_.get(), kNewMarker, dump_marker(marker));
    if (type_in(own_.get(), kMarker) == S_IFDIR) remove_tree(own_.get(), kMarker);
    if (::renameat(own_.get(), kNewMarker, own_.get(), kMarker) != 0)
        fail_errno("write the marker of the engine's data");
}

void DataRoot::mark(DataState state) {
    auto found = marker();
    if (!found) return;
    found->state = state;
    mark(*found);
}

void DataRoot::forget_marker() { remove_tree(own_.get(), kMarker); }

bool DataRoot::has_data() const {
    const auto entries = entries_of(root_.get());
    // ext4 makes lost+found in the root of a new file system.
    return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
        return entry.name != kOwn && entry.name != "lost+found";
    });
}

bool DataRoot::is_short_of_space() const {
    struct statvfs disk {};
    return ::fstatvfs(root_.get(), &disk) == 0 && is_short(disk);
}

void DataRoot::set_aside_all() {
    for (const auto& entry : entries_of(root_.get())) {
        if (entry.name != kOwn) set_aside(root_.get(), entry.name);
    }
}

void DataRoot::set_aside(int directory, const std::string& name) {
    if (!trash_) {
        const UniqueFd all = own_directory(own_.get(), kTrash);
        trash_ = own_directory(all.get(), unused_name());
    }
    const std::string target = std::to_string(set_aside_++);
    const auto move = [&] {
        return ::renameat(directory, name.c_str(), trash_.get(), target.c_str()) == 0 ||
               errno == ENOENT;
    };
    if (move()) return;
    if (const UniqueFd entry = open_entry(directory, name)) allow_changes(entry.get());
    allow_changes(directory);
    if (!move()) fail_errno("set " + as_shown(name, 100) + " aside");
}

void DataRoot::empty_trash() const {
    try {
        remove_tree(own_.get(), kTrash);
    } catch (const Failure&) {
        if (const UniqueFd trash = open_below(own_.get(), {kTrash}))
            allow_changes_below(trash.get(), 0);
        remove_tree(own_.get(), kTrash);
    }
}

bool is_short(const struct statvfs& disk) {
    const std::uint64_t bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    return bytes < kLeastBytes || (disk.f_files > 0 && disk.f_favail < kLeastInodes);
}

std::optional<std::string> read_small_file(int directory, const std::string& name,
                                           std::size_t limit) {
    const UniqueFd file = open_entry(directory, name);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > static_cast<off_t>(limit)) {
        return std::nullopt;
    }
    // Files of the kernel say that they are empty.
    std::string text(status.st_size > 0 ? static_cast<std::size_t>(status.st_size) : limit, '\0');
    std::size_t length = 0;
    while (length < text.size()) {
        const ssize_t count = read_some(file.get(), &text[length], text.size() - length);
        if (count < 0) return std::nullopt;
        if (count == 0) break;
        length += static_cast<std::size_t>(count);
    }
    text.resize(length);
    return text;
}

UniqueFd open_below(int directory, std::initializer_list<std::string> names) {
    UniqueFd opened(::openat(directory, ".", kDirectory));
    for (const auto& name : names) {
        if (!opened) break;
        opened = UniqueFd(::openat(opened.get(), name.c_str(), kDirectory));
    }
    return opened;
}

void detach_mounts_below(const std::string& path) {
    auto points = mount_points();
    std::reverse(points.begin(), points.end());
    for (const auto& point : points) {
        if (point.rfind(path + "/", 0) == 0)
            static_cast<void>(::umount2(point.c_str(), MNT_DETACH));
    }
}

}  // namespace executors::helper
