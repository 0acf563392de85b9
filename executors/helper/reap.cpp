#include "executors/helper/reap.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// The supervisor has limit / kOrderlyPart to end its stages by itself; the rest is for KILL.
constexpr std::int64_t kOrderlyPart = 2;
constexpr int kRoundMs = 10;

bool wait_for_end(const UniqueFd& process, std::int64_t limit_ms) {
    pollfd ended{process.get(), POLLIN, 0};
    return ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(limit_ms, 0))) > 0;
}

bool is_served(const std::string& directory) {
    const UniqueFd lock(::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void end_supervisor(const std::string& directory, std::int64_t limit_ms) {
    const auto pid =
        static_cast<pid_t>(std::strtol(read_file_end(directory + "/pid", 32).c_str(), nullptr, 10));
    if (pid <= 1) return;
    // The descriptor is opened first and the lock is looked at second: when the lock is still held,
    // the process number still belongs to the supervisor.
    const UniqueFd process = open_pidfd(pid);
    if (!process || !is_served(directory)) return;
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0);
    if (wait_for_end(process, limit_ms)) return;
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    wait_for_end(process, 1000);
}

void kill_cgroup(const std::string& directory) {
    const std::string path = read_file_end(directory + "/cgroup", 4096);
    if (path.empty() || path[0] != '/') return;
    const UniqueFd file(::open((path + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (file) write_all(file.get(), "1");
    ::rmdir(path.c_str());
}

/// /proc/<pid>/environ is what the program was started with, NUL-separated.
std::vector<pid_t> find_marked(const std::string& entry) {
    std::vector<pid_t> found;
    const std::string wanted = '\0' + entry + '\0';
    for (const pid_t pid : list_processes()) {
        const std::string path = "/proc/" + std::to_string(pid) + "/environ";
        const std::string environment = '\0' + read_file_end(path, 4 << 20) + '\0';
        if (pid != ::getpid() && environment.find(wanted) != std::string::npos)
            found.push_back(pid);
    }
    return found;
}

}  // namespace

void leave_note(int directory, const char* name, const std::string& text) {
    // O_NONBLOCK: a script may have put a pipe in the note's place.
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const UniqueFd file(::openat(directory, name, kFlags, 0600));
    if (!file || !write_all(file.get(), text)) std::perror("runner-helper: write a note");
}

int reap(const std::string& directory, std::int64_t limit_ms) {
    const std::int64_t until = monotonic_ms() + limit_ms;
    end_supervisor(directory, limit_ms / kOrderlyPart);
    kill_cgroup(directory);
    while (true) {
        const auto left = find_marked(std::string(kMarkVariable) + "=" + directory);
        if (left.empty()) return 0;
        for (const pid_t pid : left) {
            const UniqueFd process = open_pidfd(pid);
            if (!process) continue;  // it has ended, and its number may belong to another process
            ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
            wait_for_end(process, kRoundMs);
        }
        if (monotonic_ms() > until) {
            std::fprintf(stderr, "runner-helper: %zu processes of the job do not end, one is %d\n",
                         left.size(), left.front());
            return 1;
        }
    }
}

}  // namespace executors::helper
