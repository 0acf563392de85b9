#include "executors/helper/builder_boot.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/json.hpp"
#include "executors/helper/engine_client.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLimitMs = 60'000;
/// There is no event from outside when a daemon begins to listen, so it is asked.
constexpr int kListenPollMs = 10;

bool is_running(const BuilderBoot& boot) {
    const auto reply =
        ask_engine(boot.socket, "GET", "/containers/" + builder_container(boot.builder) + "/json");
    const auto value = base::parse_foreign_json(reply.body);
    return reply.status == 200 && value.is_object() && value.contains("State") &&
           value["State"].value("Running", false);
}

/// Asks whether the builder answers, as buildx does.
bool answers(const BuilderBoot& boot) {
    const Json wanted{
        {"Cmd", {"buildctl", "debug", "workers"}}, {"AttachStdout", true}, {"AttachStderr", true}};
    const auto made =
        ask_engine(boot.socket, "POST", "/containers/" + builder_container(boot.builder) + "/exec",
                   wanted.dump());
    const auto exec = base::parse_foreign_json(made.body);
    if (made.status != 201 || !exec.is_object()) return false;
    const std::string path = "/exec/" + exec.value("Id", "");
    ask_engine(boot.socket, "POST", path + "/start", R"({"Detach":false,"Tty":false})");
    const auto ended = ask_engine(boot.socket, "GET", path + "/json");
    const auto state = base::parse_foreign_json(ended.body);
    return state.is_object() && !state.value("Running", true) && state.contains("ExitCode") &&
           state["ExitCode"] == 0;
}

pid_t start_buildx(const BuilderBoot& boot) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    ::setenv(kClientVariable, "docker", 0);
    ::execl(boot.buildx.c_str(), "docker-buildx", "buildx", "inspect", "--bootstrap",
            boot.builder.c_str(), nullptr);
    ::_exit(127);
}

bool has_ended(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid;
}

bool wait_until_it_answers(const BuilderBoot& boot, pid_t buildx) {
    const std::int64_t until = monotonic_ms() + kLimitMs;
    bool running = false;
    while (monotonic_ms() < until) {
        running = running || is_running(boot);
        if (running && answers(boot)) return true;
        if (has_ended(buildx)) return false;
        ::poll(nullptr, 0, kListenPollMs);
    }
    return false;
}

}  // namespace

bool may_boot(const std::vector<std::string>& arguments) {
    static constexpr const char* kBooting[] = {"build", "b",          "bake",
                                               "f",     "dial-stdio", "--bootstrap"};
    return std::any_of(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end(),
                       [](const std::string& word) {
                           return std::find(std::begin(kBooting), std::end(kBooting), word) !=
                                      std::end(kBooting) ||
                                  word.rfind("--bootstrap=", 0) == 0;
                       });
}

std::string builder_container(const std::string& builder) {
    // buildx 0.6 and later: one container for each node of a builder.
    return "buildx_buildkit_" + builder + "0";
}

bool boot_builder(const BuilderBoot& boot) {
    try {
        if (is_running(boot)) return false;
        if (ask_engine(boot.socket, "GET", "/images/" + boot.image + "/json").status != 200)
            return false;
        const pid_t buildx = start_buildx(boot);
        if (buildx < 0) return false;
        const bool booted = wait_until_it_answers(boot, buildx);
        ::kill(buildx, SIGKILL);  // the builder answers: buildx has nothing left to do
        ::waitpid(buildx, nullptr, 0);
        return booted;
    } catch (const Failure&) {
        return false;
    }
}

}  // namespace executors::helper
