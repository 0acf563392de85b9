#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/pidfd.hpp"
#include "base/unique_fd.hpp"

/// What the helper needs of the operating system.
///
/// base/ has functions for similar tasks. They are not used here, because the helper is linked
/// statically and must stay small: base/ answers base::Result (Boost) and its library needs Asio
/// and OpenSSL. So the helper includes only header-only files of base/, and base/json and
/// base/glob, which are libraries of their own.
namespace executors::helper {

/// A failure that ends what was being done: the start of a program, the work of a Worker. It is
/// caught in main() and in the worker's process; the supervisor's loop itself does not throw.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Throws "doing: <text of errno>".
[[noreturn]] void fail_errno(std::string_view doing);
std::string errno_text(std::string_view doing, int code);

using base::open_pidfd;
using base::UniqueFd;

/// SIGALRM ends the process after `seconds`, unless this object is gone before.
class EndAfter {
  public:
    explicit EndAfter(unsigned seconds) { ::alarm(seconds); }
    ~EndAfter() { ::alarm(0); }
    EndAfter(const EndAfter&) = delete;
    EndAfter& operator=(const EndAfter&) = delete;
};

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};
/// Both ends are close-on-exec. Throws Failure.
Pipe make_pipe();

/// Reads until the end. Throws Failure.
std::string read_all(int fd);
/// read(2), again when a signal interrupted it.
ssize_t read_some(int fd, char* target, std::size_t size);
/// Writes all bytes, and waits when a non-blocking descriptor is full. False with errno set when it
/// fails.
bool write_all(int fd, std::string_view bytes);
void set_nonblocking(int fd);

std::int64_t now_us();  ///< UTC
std::int64_t monotonic_ms();

/// Like mkdir -p. Throws Failure.
void make_directories(const std::string& path, mode_t mode);
/// At most the last `limit` bytes of a file; "" when it cannot be read.
std::string read_file_end(const std::string& path, std::size_t limit);
/// The target of a symbolic link. Throws Failure.
std::string link_target(const std::string& path);
/// What stands behind the last slash.
std::string base_name(std::string_view path);
/// What stands before the last slash; "/" for "/a", "." without a slash.
std::string directory_name(const std::string& path);
/// The names in a directory, without "." and ".."; none when it cannot be read.
std::vector<std::string> list_directory(const std::string& path);
/// The process numbers in /proc.
std::vector<pid_t> list_processes();
/// The value of an environment variable; `fallback` when it is not set or empty.
std::string environment_or(const char* name, const std::string& fallback);
std::vector<std::string> split_text(std::string_view text, char separator);

/// A connection to a unix socket; empty, with errno set, when nobody listens there. Throws Failure
/// when the path is too long for an address (108 bytes).
UniqueFd connect_unix(std::string_view path);

/// The name of the supervisor's socket (protocol.hpp).
std::string supervisor_socket();
/// Both ends of a socket in `directory`. They change to the directory for a moment, so that its
/// path may be longer than a socket's address. Throw Failure.
UniqueFd connect_in(const std::string& directory, const std::string& name = supervisor_socket());
UniqueFd listen_in(const std::string& directory, const std::string& name = supervisor_socket());

}  // namespace executors::helper
