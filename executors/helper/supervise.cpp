#include "executors/helper/supervise.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "executors/helper/doorway.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/reap.hpp"
#include "executors/helper/supervisor.hpp"

namespace executors::helper {

namespace {

/// Forks. The child returns the pipe to which it writes "ok" when it listens, or why it cannot; the
/// parent waits for that and ends.
UniqueFd go_to_background(int directory) {
    Pipe ready = make_pipe();
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("go to the background");
    if (pid > 0) {
        ready.write.reset();
        std::string text(4096, '\0');
        const ssize_t count = read_some(ready.read.get(), text.data(), text.size());
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        if (text == "ok") ::_exit(0);
        std::fprintf(stderr, "runner-helper: %s\n",
                     text.empty() ? "the supervisor died" : text.c_str());
        ::_exit(1);
    }
    ::setsid();
    // Variables of systemd for the daemon; the job's programs must not act on them.
    for (const char* name :
         {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY", "LISTEN_PID",
          "LISTEN_FDS", "LISTEN_FDNAMES", "MAINPID", "JOURNAL_STREAM"}) {
        ::unsetenv(name);
    }
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const int log =
        ::openat(directory, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(log >= 0 ? log : null, STDERR_FILENO);
    ready.read.reset();
    return std::move(ready.write);
}

}  // namespace

int supervise(const SuperviseOptions& options) {
    ::close_range(3, ~0U, 0);
    make_directories(options.directory, 0700);
    const UniqueFd directory(::open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) fail_errno("open directory " + options.directory);
    UniqueFd ready;
    if (options.detach) {
        ready = go_to_background(directory.get());
        ::setenv(kMarkVariable, options.directory.c_str(), 1);
    }
    try {
        Doorway doorway(options.directory);
        doorway.leave("pid", std::to_string(::getpid()));
        Supervisor supervisor(doorway, options.cgroup);
        if (ready) write_all(ready.get(), "ok");
        ready.reset();
        const int code = supervisor.run();
        doorway.remove_socket();
        return code;
    } catch (const Failure& failure) {
        if (ready) write_all(ready.get(), failure.what());
        throw;
    }
}

}  // namespace executors::helper
