#include "base/spawn_on_socket.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace base {

namespace {

/// What the child needs; made before fork(2), because a child of a program with threads must not
/// allocate.
struct Plan {
    char* const* arguments;
    char* const* environment;
    const char* directory;  ///< null: ours
    int socket;
    int errors;
    pid_t parent;
};

/// Handlers would run in the child; what is ignored stays so, but for SIGPIPE, which the daemon
/// ignores for itself only.
void reset_signals() {
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) != 0) continue;
        if (action.sa_handler == SIG_IGN && number != SIGPIPE) continue;
        action.sa_handler = SIG_DFL;
        action.sa_flags = 0;
        ::sigaction(number, &action, nullptr);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Returns only when it has failed, with errno.
void become(const Plan& plan) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return;
    // The parent can have ended before.
    if (::getppid() != plan.parent) ::_exit(1);
    if (::setpgid(0, 0) != 0) return;
    if (::dup2(plan.socket, STDIN_FILENO) < 0 || ::dup2(plan.socket, STDOUT_FILENO) < 0 ||
        ::dup2(plan.errors, STDERR_FILENO) < 0)
        return;
    if (plan.directory != nullptr && ::chdir(plan.directory) != 0) return;
    reset_signals();
    ::execvpe(plan.arguments[0], plan.arguments, plan.environment);
}

/// fork(2) with all signals blocked, so that none of our handlers runs in the child.
pid_t fork_quietly() {
    sigset_t all;
    sigset_t former;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &former);
    const pid_t pid = ::fork();
    const int saved = errno;
    if (pid != 0) ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
    errno = saved;
    return pid;
}

/// The errno with which the child could not become the program, 0 when it has.
int failure_of(const UniqueFd& report) {
    int failure = 0;
    ssize_t size = 0;
    do {
        size = ::read(report.get(), &failure, sizeof failure);
    } while (size < 0 && errno == EINTR);
    return size == 0 ? 0 : failure;
}

}  // namespace

Result<pid_t> spawn_on_socket(const SubprocessOptions& options, const UniqueFd& errors) {
    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> environment =
        merged_environment(options.environment, options.inherit_environment);
    const auto argv = pointers_to(arguments);
    const auto envp = pointers_to(environment);
    const char* directory = options.directory.empty() ? nullptr : options.directory.c_str();
    const Plan plan{argv.data(),          envp.data(),  directory,
                    options.stdio_socket, errors.get(), ::getpid()};
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a pipe");
    const UniqueFd report(ends[0]);
    UniqueFd failed(ends[1]);
    const pid_t pid = fork_quietly();
    if (pid < 0) return errno_error("start " + options.arguments.front());
    if (pid == 0) {
        become(plan);
        const int failure = errno;
        const ssize_t told = ::write(failed.get(), &failure, sizeof failure);
        ::_exit(told < 0 ? 126 : 127);
    }
    failed = UniqueFd();
    if (const int failure = failure_of(report); failure != 0) {
        ::waitpid(pid, nullptr, 0);
        return errno_error(failure, "start " + options.arguments.front());
    }
    return pid;
}

}  // namespace base
