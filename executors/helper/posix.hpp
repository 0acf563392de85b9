#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The little that the helper needs of the system. It has a file of its own here, and not base/,
/// because the helper is linked statically and must stay small.
namespace executors::helper {

/// A failure that ends what was being done: a program start, a worker. Caught in main() and in the
/// worker's frame; the supervisor's loop itself does not throw.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Throws "doing: <text of errno>".
[[noreturn]] void fail_errno(std::string_view doing);
std::string errno_text(std::string_view doing, int code);

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

struct Pipe {
    Fd read;
    Fd write;
};
/// Close-on-exec, both ends; throws Failure.
Pipe make_pipe();

/// What comes until the end; throws Failure.
std::string read_all(int fd);
/// read(2) that is not disturbed by signals.
ssize_t read_some(int fd, char* target, std::size_t size);
/// Waits where it has to. False with errno set when not all could be written.
bool write_all(int fd, std::string_view bytes);
void set_nonblocking(int fd);

std::int64_t now_us();  ///< UTC
std::int64_t monotonic_ms();

/// mkdir -p; throws Failure.
void make_directories(const std::string& path, mode_t mode);
/// The whole file, at most `limit` bytes of its end; "" when it cannot be read.
std::string read_file_end(const std::string& path, std::size_t limit);
/// What a symbolic link says; throws Failure.
std::string link_target(const std::string& path);
std::string base_name(std::string_view path);
std::vector<std::string> split_text(std::string_view text, char separator);

/// A unix socket address in `directory` reaches 108 bytes soon, so both ends step into the
/// directory. Throws Failure; the working directory is restored.
Fd connect_in(const std::string& directory);
Fd listen_in(const std::string& directory);

}  // namespace executors::helper
