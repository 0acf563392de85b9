#include "executors/helper/engine_trial.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/json.hpp"
#include "executors/helper/containerd_start.hpp"
#include "executors/helper/data_root.hpp"
#include "executors/helper/engine_client.hpp"
#include "executors/helper/engine_wait.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/socket_sharing.hpp"

namespace executors::helper {

namespace {

/// Half of what the daemon waits for the engine.
constexpr std::int64_t kSilenceLimitMs = 30'000;
constexpr std::int64_t kLookMs = 100;
constexpr int kIdlePriority = 3 << 13;  // IOPRIO_CLASS_IDLE, see ioprio_set(2)
constexpr std::array<int, 5> kPassedOn{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1};

/// For the signal handler: the running dockerd, and whether it was asked to end.
std::atomic<pid_t> running{0};
std::atomic<bool> asked_to_end{false};

void pass_on(int signal) {
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) asked_to_end = true;
    if (const pid_t pid = running; pid > 0) ::kill(pid, signal);
}

void handle_signals() {
    struct sigaction action {};
    action.sa_handler = pass_on;
    action.sa_flags = SA_RESTART;
    for (const int signal : kPassedOn) ::sigaction(signal, &action, nullptr);
}

pid_t start_engine(const std::string& program, const std::vector<std::string>& arguments) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("start " + program);
    if (pid > 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::_exit(become_program(program, with_containerd(arguments)));
}

/// Removes what was set aside, with the lowest priority.
void remove_trash_beside(const std::string& root) {
    const pid_t pid = ::fork();
    if (pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpriority(PRIO_PROCESS, 0, 19);
    ::syscall(SYS_ioprio_set, 1, 0, kIdlePriority);
    try {
        DataRoot(root).empty_trash();
    } catch (const Failure& failure) {
        std::fprintf(stderr, "runner-helper: old data of the engine stays: %s\n", failure.what());
    }
    ::_exit(0);
}

int exit_code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

class Trial {
  public:
    Trial(std::string socket, DataOutcome outcome)
        : socket_(std::move(socket)), outcome_(std::move(outcome)) {}

    /// Whether `pid` is to be replaced by an engine without the data. `status` is its end, if it
    /// has ended.
    bool has_failed(pid_t pid, std::optional<int>& status) {
        const std::int64_t until = monotonic_ms() + kSilenceLimitMs;
        while (!answers()) {
            status = end_of(pid);
            if (status) return outcome_.warm && !asked_to_end && exit_code_of(*status) != 0;
            if (!outcome_.warm || monotonic_ms() < until) continue;
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
            return true;
        }
        note_answer();
        return false;
    }

    void begin_anew(const std::optional<int>& status) {
        detach_mounts_below(outcome_.root);
        DataRoot root(outcome_.root);
        auto marker = root.marker();
        root.forget_marker();
        root.set_aside_all();
        if (marker) {
            marker->starts = 1;
            root.mark(*marker);
        }
        outcome_.warm = false;
        outcome_.names.clear();
        outcome_.reason = status ? "the engine ended with exit code " +
                                       std::to_string(exit_code_of(*status)) +
                                       " when it started with the kept data"
                                 : "the engine did not answer with the kept data";
        write_outcome(outcome_);
        std::fprintf(stderr, "runner-helper: %s: it starts without that\n",
                     outcome_.reason.c_str());
    }

  private:
    static std::optional<int> end_of(pid_t pid) {
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
        return status;
    }

    bool answers() {
        WaitEngine wait;
        wait.socket = socket_;
        wait.timeout_ms = kLookMs;
        const auto answer = base::parse_foreign_json(wait_for_engine(wait));
        return answer.value("ok", false);
    }

    /// A marker that cannot be written makes the next job start without the data.
    void note_answer() const {
        try {
            DataRoot(outcome_.root).mark(DataState::kReady);
        } catch (const Failure& failure) {
            std::fprintf(stderr, "runner-helper: %s\n", failure.what());
        }
        remove_trash_beside(outcome_.root);
    }

    std::string socket_;
    DataOutcome outcome_;
};

/// Waits for the engine; the child that removes old data ends as well.
int wait_for_end(pid_t engine) {
    int status = 0;
    while (true) {
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == engine) return exit_code_of(status);
        if (ended < 0 && errno != EINTR) return 1;
    }
}

std::string socket_of(const std::vector<std::string>& arguments) {
    const auto sockets = sockets_of(arguments);
    return sockets.empty() ? "/var/run/docker.sock" : sockets.front();
}

}  // namespace

std::optional<DataOutcome> take_kept_data() {
    const std::string token = environment_or(kTokenVariable, "");
    ::unsetenv(kTokenVariable);
    if (token.empty()) return std::nullopt;
    auto outcome = read_outcome();
    if (!outcome || outcome->token != token) return std::nullopt;
    return outcome;
}

int run_on_kept_data(const std::string& program, const std::vector<std::string>& arguments,
                     DataOutcome outcome) {
    handle_signals();
    Trial trial(socket_of(arguments), std::move(outcome));
    while (true) {
        const pid_t engine = start_engine(program, arguments);
        running = engine;
        std::optional<int> status;
        if (!trial.has_failed(engine, status)) {
            return status ? exit_code_of(*status) : wait_for_end(engine);
        }
        running = 0;
        trial.begin_anew(status);
    }
}

}  // namespace executors::helper
