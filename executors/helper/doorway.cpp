#include "executors/helper/doorway.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "executors/helper/protocol.hpp"
#include "executors/helper/reap.hpp"

namespace executors::helper {

namespace {

constexpr char kLockName[] = "lock";
constexpr mode_t kOwnerMayAll = 0700;
constexpr mode_t kOwnerMayUse = 0600;

}  // namespace

Doorway::Doorway(std::string path)
    : path_(std::move(path)), watch_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    open_directory();
    // The lock comes first: a second supervisor must not replace the first one's socket.
    take_lock();
    listen();
}

void Doorway::attach(Reactor& reactor, std::function<void()> on_client) {
    reactor_ = &reactor;
    on_client_ = std::move(on_client);
    reactor.watch(listener(), EPOLLIN, [this](std::uint32_t) { on_client_(); });
    if (watch_) reactor.watch(watch_.get(), EPOLLIN, [this](std::uint32_t) { on_change(); });
}

void Doorway::on_change() {
    std::array<char, 4096> events;
    while (read_some(watch_.get(), events.data(), events.size()) > 0) {
    }
    // Later, so that "rm -rf" of the directory does not find it filled again.
    constexpr std::int64_t kPauseMs = 200;
    if (timer_ == 0) timer_ = reactor_->after(kPauseMs, [this] { restore(); });
}

void Doorway::open_directory() {
    make_directories(path_, kOwnerMayAll);
    directory_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_) fail_errno("open directory " + path_);
    if (!watch_) return;
    ::inotify_add_watch(watch_.get(), path_.c_str(),
                        IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM |
                            IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR);
}

void Doorway::take_lock() {
    lock_ = UniqueFd(::openat(directory_.get(), kLockName,
                              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerMayUse));
    if (!lock_) fail_errno("open the supervisor's lock");
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) throw Failure("another supervisor serves this directory");
        fail_errno("lock the supervisor's directory");
    }
}

void Doorway::leave(const std::string& name, const std::string& text) {
    notes_[name] = text;
    leave_note(directory_.get(), name.c_str(), text);
}

void Doorway::listen() {
    UniqueFd listener = listen_in(path_);
    if (::fstatat(directory_.get(), kSocketName.data(), &socket_, AT_SYMLINK_NOFOLLOW) != 0)
        fail_errno("find the socket in " + path_);
    if (reactor_ != nullptr) {
        on_client_();  // who came through the old door
        reactor_->forget(listener_.get());
        reactor_->watch(listener.get(), EPOLLIN, [this](std::uint32_t) { on_client_(); });
    }
    listener_ = std::move(listener);
}

bool Doorway::leads_to(const char* name, const struct stat& mine) const {
    struct stat found {};
    return ::fstatat(directory_.get(), name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           found.st_dev == mine.st_dev && found.st_ino == mine.st_ino;
}

void Doorway::restore_modes() const {
    struct stat status {};
    if (::fstat(directory_.get(), &status) == 0 && status.st_uid == ::geteuid() &&
        (status.st_mode & kOwnerMayAll) != kOwnerMayAll)
        ::fchmod(directory_.get(), (status.st_mode & 07777) | kOwnerMayAll);
    std::vector<std::string> names{std::string(kSocketName), kLockName};
    for (const auto& [name, text] : notes_) names.push_back(name);
    for (const std::string& name : names) {
        if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISLNK(status.st_mode) && (status.st_mode & kOwnerMayUse) != kOwnerMayUse)
            ::fchmodat(directory_.get(), name.c_str(), kOwnerMayUse, 0);
    }
}

void Doorway::restore_all() {
    struct stat mine {};
    struct stat there {};
    if (::fstat(directory_.get(), &mine) != 0) fail_errno("look at " + path_);
    restore_modes();
    if (::stat(path_.c_str(), &there) != 0 || there.st_ino != mine.st_ino ||
        there.st_dev != mine.st_dev)
        open_directory();
    if (::fstat(lock_.get(), &mine) == 0 && !leads_to(kLockName, mine)) take_lock();
    for (const auto& [name, text] : notes_) {
        if (::faccessat(directory_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            leave_note(directory_.get(), name.c_str(), text);
    }
    if (!leads_to(kSocketName.data(), socket_)) listen();
}

void Doorway::restore() {
    if (reactor_ != nullptr) reactor_->cancel(timer_);
    timer_ = 0;
    if (lost_) return;
    try {
        restore_all();
    } catch (const Failure& failure) {
        lost_ = true;  // not again: two supervisors would replace each other's sockets for ever
        std::fprintf(stderr, "runner-helper: the supervisor cannot be reached any more: %s\n",
                     failure.what());
    }
}

void Doorway::remove_socket() const { ::unlinkat(directory_.get(), kSocketName.data(), 0); }

}  // namespace executors::helper
