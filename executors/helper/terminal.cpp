#include "executors/helper/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "executors/helper/child_process.hpp"
#include "executors/helper/copy_both.hpp"
#include "executors/helper/shell_start.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

namespace {

/// From the hang-up to KILL.
constexpr int kHangUpMs = 2'000;

struct Terminal {
    UniqueFd master;
    UniqueFd slave;
};

Terminal open_terminal(const OpenTerminal& command) {
    Terminal made;
    made.master = UniqueFd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!made.master) fail_errno("open /dev/ptmx for a terminal");
    const int unlock = 0;
    if (::ioctl(made.master.get(), TIOCSPTLCK, &unlock) != 0) fail_errno("unlock a terminal");
    // By its descriptor, and not by a name that the job's environment may have changed.
    made.slave = UniqueFd(::ioctl(made.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!made.slave) fail_errno("open a terminal");
    winsize size{};
    size.ws_row = static_cast<unsigned short>(command.rows);
    size.ws_col = static_cast<unsigned short>(command.columns);
    if (::ioctl(made.master.get(), TIOCSWINSZ, &size) != 0) fail_errno("set a terminal's size");
    return made;
}

[[noreturn]] void run_child(const Terminal& terminal, const ShellStart& start, int failure,
                            int cgroup_procs) {
    ::setsid();
    reset_signals();
    ::ioctl(terminal.slave.get(), TIOCSCTTY, 0);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::dup2(terminal.slave.get(), fd);
    }
    start.become_shell(failure, cgroup_procs);
}

/// The directory may not be there yet: a terminal may be asked for before get_sources.
std::string usable(const std::string& directory) {
    struct stat status {};
    const bool is_there = ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    return is_there ? directory : std::string();
}

pid_t start_shell(const Terminal& terminal, const OpenTerminal& command, int cgroup_procs) {
    const std::string cwd = usable(command.cwd);
    const ShellStart start(
        {command.shells, command.arguments, command.environment, cwd, command.user});
    // The names /dev/stdout and $(tty) open the terminal again, as the user.
    const auto& user = start.user();
    if (user && ::fchown(terminal.slave.get(), user->uid, user->gid) != 0)
        fail_errno("hand over a terminal");
    Pipe failure = make_pipe();
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process for a terminal");
    if (pid == 0) run_child(terminal, start, failure.write.get(), cgroup_procs);
    failure.write.reset();
    start.check(pid, failure.read.get());
    return pid;
}

void end_shell(pid_t shell, const UniqueFd& ended) {
    pollfd wait{ended.get(), POLLIN, 0};
    if (!ended || ::poll(&wait, 1, kHangUpMs) <= 0) ::kill(shell, SIGKILL);
    ::waitpid(shell, nullptr, 0);
}

[[noreturn]] void run_terminal(int socket, const OpenTerminal& command, int cgroup_procs) {
    // The shell and what it starts must hold neither: the connection would never end.
    for (const int fd : {socket, cgroup_procs}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    try {
        Terminal terminal = open_terminal(command);
        const pid_t shell = start_shell(terminal, command, cgroup_procs);
        terminal.slave.reset();
        const UniqueFd ended = open_pidfd(shell);
        set_nonblocking(socket);
        if (write_all(socket, make_frame(opened_json())))
            copy_both(socket, terminal.master.get(), ended.get());
        terminal.master.reset();  // the kernel sends HUP to the shell and what runs in front of it
        end_shell(shell, ended);
    } catch (const Failure& failure) {
        static_cast<void>(write_all(socket, make_frame(failure_json(failure.what()))));
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

void serve_terminal(UniqueFd socket, const OpenTerminal& command, int cgroup_procs) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process for a terminal");
    if (pid != 0) return;
    separate_child({socket.get(), cgroup_procs});
    run_terminal(kFirstKeptFd, command, cgroup_procs < 0 ? -1 : kFirstKeptFd + 1);
}

}  // namespace executors::helper
