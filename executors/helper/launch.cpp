#include "executors/helper/launch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>
#include <string>

#include "executors/helper/stage_report.hpp"
#include "executors/helper/users.hpp"

extern char** environ;

namespace executors::helper {

namespace {

constexpr int kPipeBytes = 256 * 1024;

/// What the child was doing when it failed; it sends this when it could not become the shell.
enum class Step : int { kChdir, kUser, kExec };

struct ChildFailure {
    Step step;
    int code;
};

struct Plan {
    std::vector<std::string> environment;
    std::optional<User> user;
    UniqueFd script;
    Pipe output;
    Pipe error;
    Pipe failure;
    UniqueFd report;
};

bool has_variable(const RunStage& run, const std::string& name) {
    return std::any_of(run.environment.begin(), run.environment.end(),
                       [&](const auto& entry) { return entry.first == name; });
}

/// A map, because a job may have a hundred thousand variables.
std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const auto at = text.find('=');
        if (at != std::string::npos) environment[text.substr(0, at)] = text.substr(at + 1);
    }
    return environment;
}

std::vector<std::string> make_environment(const RunStage& run, const std::optional<User>& user) {
    auto environment = own_environment();
    if (user && !has_variable(run, "HOME")) environment["HOME"] = user->home;
    if (user && !user->name.empty() && !has_variable(run, "USER")) {
        environment["USER"] = user->name;
        environment["LOGNAME"] = user->name;
    }
    for (const auto& [name, value] : run.environment) {
        if (!name.empty() && name.find('=') == std::string::npos) environment[name] = value;
    }
    std::vector<std::string> entries;
    for (const auto& [name, value] : environment) entries.push_back(name + "=" + value);
    return entries;
}

UniqueFd make_script(const RunStage& run, const std::optional<User>& user) {
    UniqueFd file(::memfd_create("stage", MFD_CLOEXEC));
    if (!file) fail_errno("make a place for the script");
    if (!write_all(file.get(), run.script)) fail_errno("store the script");
    ::lseek(file.get(), 0, SEEK_SET);
    ::fchmod(file.get(), 0600);
    if (user && ::fchown(file.get(), user->uid, user->gid) != 0) fail_errno("hand over the script");
    return file;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void report_and_exit(int fd, Step step) {
    const ChildFailure failure{step, errno};
    static_cast<void>(!::write(fd, &failure, sizeof failure));
    ::_exit(127);
}

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct ExecArguments {
    std::vector<std::string> shells;
    std::vector<std::vector<char*>> vectors;  ///< one per shell
    std::vector<char*> environment;
};

[[noreturn]] void run_child(const Plan& plan, const RunStage& run, const ExecArguments& arguments,
                            int cgroup_procs) {
    const int failure = plan.failure.write.get();
    ::setsid();
    reset_signals();
    ::dup2(plan.script.get(), STDIN_FILENO);
    ::dup2(plan.output.write.get(), STDOUT_FILENO);
    ::dup2(plan.error.write.get(), STDERR_FILENO);
    if (plan.report) ::fcntl(plan.report.get(), F_SETFD, 0);
    // A failure to join is ignored: shutdown() finds processes through /proc too.
    if (cgroup_procs >= 0) static_cast<void>(!::write(cgroup_procs, "0", 1));
    if (plan.user && !become(*plan.user)) report_and_exit(failure, Step::kUser);
    if (!run.cwd.empty() && ::chdir(run.cwd.c_str()) != 0) report_and_exit(failure, Step::kChdir);
    int worst = ENOENT;
    for (std::size_t i = 0; i < arguments.shells.size(); ++i) {
        ::execve(arguments.shells[i].c_str(), arguments.vectors[i].data(),
                 arguments.environment.data());
        if (errno != ENOENT && errno != ENOTDIR) worst = errno;
        if (errno == E2BIG) break;
    }
    errno = worst;
    report_and_exit(failure, Step::kExec);
}

std::string describe(const ChildFailure& failure, const RunStage& run) {
    switch (failure.step) {
        case Step::kChdir: return errno_text("enter directory " + run.cwd, failure.code);
        case Step::kUser: return errno_text("become user " + run.user, failure.code);
        case Step::kExec: break;
    }
    if (failure.code == E2BIG) return "the variables are too large to start a shell with";
    std::string tried;
    for (const auto& shell : run.shells) tried += (tried.empty() ? "" : ", ") + shell;
    if (failure.code == ENOENT) return "shell not found: the environment has none of " + tried;
    return errno_text("start a shell (" + tried + ")", failure.code);
}

/// The shell that was found, or the first candidate when the process has ended already.
std::string shell_of(pid_t pid, const RunStage& run) {
    try {
        return link_target("/proc/" + std::to_string(pid) + "/exe");
    } catch (const Failure&) {
        return run.shells.front();
    }
}

}  // namespace

Launched launch_stage(const RunStage& run, int cgroup_procs) {
    if (run.shells.empty()) throw Failure("no shell was named");
    Plan plan;
    if (!run.user.empty()) plan.user = find_user(run.user);
    plan.environment = make_environment(run, plan.user);
    if (run.report) plan.report = make_report();
    if (plan.report) plan.environment.push_back(report_variable(plan.report.get()));
    plan.script = make_script(run, plan.user);
    plan.output = make_pipe();
    plan.error = make_pipe();
    plan.failure = make_pipe();
    for (const Pipe* pipe : {&plan.output, &plan.error}) {
        ::fcntl(pipe->read.get(), F_SETPIPE_SZ, kPipeBytes);
        set_nonblocking(pipe->read.get());
    }
    // All memory is allocated before the fork, so that the child only makes system calls.
    std::vector<std::vector<std::string>> texts;
    for (const auto& shell : run.shells) {
        texts.push_back({shell});
        texts.back().insert(texts.back().end(), run.arguments.begin(), run.arguments.end());
    }
    ExecArguments arguments{run.shells, {}, pointers_to(plan.environment)};
    for (auto& text : texts) arguments.vectors.push_back(pointers_to(text));

    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process");
    if (pid == 0) run_child(plan, run, arguments, cgroup_procs);
    plan.failure.write.reset();
    ChildFailure failure{};
    const ssize_t got =
        read_some(plan.failure.read.get(), reinterpret_cast<char*>(&failure), sizeof failure);
    if (got == static_cast<ssize_t>(sizeof failure)) {
        ::waitpid(pid, nullptr, 0);
        throw Failure(describe(failure, run));
    }
    return {pid, shell_of(pid, run), std::move(plan.output.read), std::move(plan.error.read),
            std::move(plan.report)};
}

}  // namespace executors::helper
