#include "executors/helper/builder_ahead.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "executors/helper/engine_client.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr int kMostDescriptors = 1024;

/// The process shares nothing with the command that has started it: that command's end is the end
/// of its output.
void leave_parent(int kept) {
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    for (int fd = STDERR_FILENO + 1; fd < kMostDescriptors; ++fd) {
        if (fd != kept) ::close(fd);
    }
}

}  // namespace

BuilderAhead::BuilderAhead(std::string directory, BuilderBoot boot, std::string hosts)
    : directory_(std::move(directory)), boot_(std::move(boot)), hosts_(std::move(hosts)) {}

std::string BuilderAhead::ingredients() const {
    return read_file_end(directory_ + "/instances/" + boot_.builder, kMostBytes) + '\n' +
           read_file_end(hosts_, kMostBytes);
}

void BuilderAhead::start() const {
    const UniqueFd lock(
        ::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
    // The lock is the open file's: the child has it until its end.
    if (::fork() != 0) return;
    leave_parent(lock.get());
    boot_and_note();
    ::_exit(0);
}

void BuilderAhead::boot_and_note() const {
    const std::string with = ingredients();
    if (!boot_builder(boot_)) return;
    const UniqueFd file(
        ::open(record_path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file) write_all(file.get(), with);
}

void BuilderAhead::wait() const {
    const UniqueFd lock(::open(lock_path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    while (lock && ::flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
}

void BuilderAhead::take() const {
    struct stat status {};
    if (::lstat(record_path().c_str(), &status) != 0) return;
    const bool same = read_file_end(record_path(), 2 * kMostBytes + 1) == ingredients();
    ::unlink(record_path().c_str());
    if (same) return;
    try {
        ask_engine(boot_.socket, "DELETE",
                   "/containers/" + builder_container(boot_.builder) + "?force=1");
    } catch (const Failure&) {
        return;  // the command that follows meets the engine's absence again and reports it
    }
}

}  // namespace executors::helper
