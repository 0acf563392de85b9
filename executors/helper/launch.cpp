#include "executors/helper/launch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "executors/helper/shell_start.hpp"
#include "executors/helper/stage_report.hpp"

namespace executors::helper {

namespace {

constexpr int kPipeBytes = 256 * 1024;

struct Plan {
    UniqueFd script;
    Pipe output;
    Pipe error;
    Pipe failure;
    UniqueFd report;
};

UniqueFd make_script(const RunStage& run, const std::optional<User>& user) {
    UniqueFd file(::memfd_create("stage", MFD_CLOEXEC));
    if (!file) fail_errno("make a place for the script");
    if (!write_all(file.get(), run.script)) fail_errno("store the script");
    ::lseek(file.get(), 0, SEEK_SET);
    ::fchmod(file.get(), 0600);
    if (user && ::fchown(file.get(), user->uid, user->gid) != 0) fail_errno("hand over the script");
    return file;
}

[[noreturn]] void run_child(const Plan& plan, const ShellStart& start, int cgroup_procs) {
    ::setsid();
    reset_signals();
    ::dup2(plan.script.get(), STDIN_FILENO);
    ::dup2(plan.output.write.get(), STDOUT_FILENO);
    ::dup2(plan.error.write.get(), STDERR_FILENO);
    if (plan.report) ::fcntl(plan.report.get(), F_SETFD, 0);
    start.become_shell(plan.failure.write.get(), cgroup_procs);
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
    Plan plan;
    std::vector<std::string> more;
    if (run.report) plan.report = make_report();
    if (plan.report) more.push_back(report_variable(plan.report.get()));
    const ShellStart start({run.shells, run.arguments, run.environment, run.cwd, run.user},
                           std::move(more));
    plan.script = make_script(run, start.user());
    plan.output = make_pipe();
    plan.error = make_pipe();
    plan.failure = make_pipe();
    for (const Pipe* pipe : {&plan.output, &plan.error}) {
        ::fcntl(pipe->read.get(), F_SETPIPE_SZ, kPipeBytes);
        set_nonblocking(pipe->read.get());
    }
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process");
    if (pid == 0) run_child(plan, start, cgroup_procs);
    plan.failure.write.reset();
    start.check(pid, plan.failure.read.get());
    return {pid, shell_of(pid, run), std::move(plan.output.read), std::move(plan.error.read),
            std::move(plan.report)};
}

}  // namespace executors::helper
