#include "executors/helper/builder_ahead.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/json.hpp"
#include "executors/helper/builder_container.hpp"

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

void write_file(const std::string& path, const std::string& text) {
    const UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file) static_cast<void>(write_all(file.get(), text));
}

/// Of a container whose options buildx is still noting. buildx writes the configuration in its own
/// words, so it is not compared: both are of the same file.
std::string early_text(const BuilderContainer& container) {
    const nlohmann::json text = {{"image", container.image},
                                 {"network", container.network},
                                 {"environment", container.environment},
                                 {"flags", container.flags},
                                 {"files", container.files.size()}};
    return base::dump_json(text);
}

}  // namespace

BuilderAhead::BuilderAhead(std::string directory, BuilderBoot boot, std::string hosts)
    : directory_(std::move(directory)), boot_(std::move(boot)), hosts_(std::move(hosts)) {}

std::string BuilderAhead::ingredients() const {
    return read_file_end(directory_ + "/instances/" + boot_.builder, kMostBytes) + '\n' +
           read_file_end(hosts_, kMostBytes);
}

void BuilderAhead::start(const std::string& with) const {
    const UniqueFd lock(
        ::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
    write_file(with_path(), with);
    // The lock is the open file's: the child has it until its end.
    if (::fork() != 0) return;
    leave_parent(lock.get());
    const Booted booted = boot_builder(boot_);
    if (booted == Booted::kYes) write_file(done_path(), "");
    if (booted == Booted::kWithoutItsState) write_file(done_path(), kStateIsLost);
    ::_exit(0);
}

void BuilderAhead::start_early() const {
    if (boot_.container) start(early_text(*boot_.container));
}

void BuilderAhead::confirm() const {
    const std::string early = read_file_end(with_path(), kMostBytes);
    if (early.empty()) return start(ingredients());
    if (boot_.container && early == early_text(*boot_.container)) {
        return write_file(with_path(), ingredients());
    }
    wait();
    ::unlink(done_path().c_str());
    remove_builder_container(boot_.socket, boot_.builder);
    start(ingredients());
}

void BuilderAhead::wait() const {
    const UniqueFd lock(::open(lock_path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    while (lock && ::flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
}

void BuilderAhead::take() const {
    struct stat status {};
    if (::lstat(done_path().c_str(), &status) != 0) return;
    const bool same = read_file_end(with_path(), 2 * kMostBytes + 1) == ingredients();
    write_all(STDERR_FILENO, read_file_end(done_path(), sizeof kStateIsLost));
    ::unlink(done_path().c_str());
    if (!same) remove_builder_container(boot_.socket, boot_.builder);
}

}  // namespace executors::helper
