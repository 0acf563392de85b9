#include "executors/helper/builder_boot.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <utility>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/engine_client.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLimitMs = 60'000;
/// There is no event from outside when a daemon begins to listen, so it is asked.
constexpr int kListenPollMs = 5;
/// Then the container is looked at again.
constexpr int kFirstByteMs = 100;
/// Costs a process in the builder's container, so it is asked less often.
constexpr std::int64_t kWorkersPollMs = 100;
constexpr const char* kBuilderSocket = "/run/buildkit/buildkitd.sock";
constexpr std::size_t kMostInCgroupFile = 16'384;

/// The builder's container, as the engine sees it.
struct Seen {
    bool there = false;
    bool running = false;
    bool restarting = false;  ///< its program has ended; the engine starts it again and again
    std::string id;
    std::string pid;  ///< on the engine's side
};

Seen look_at(const BuilderBoot& boot) {
    const auto reply = ask_engine(boot.socket, "GET",
                                  "/containers/" + builder_container_name(boot.builder) + "/json");
    const auto value = base::parse_foreign_json(reply.body);
    Seen seen;
    if (reply.status != 200) return seen;
    seen.there = true;
    seen.id = base::text_at(value, "Id");
    const auto& state = base::value_at(value, "State");
    seen.restarting = base::value_at(state, "Restarting") == true;
    seen.running = base::value_at(state, "Running") == true && !seen.restarting;
    seen.pid = base::value_at(state, "Pid").dump();
    return seen;
}

/// Whether it serves: buildkitd listens before it has opened its databases, and a server of gRPC
/// speaks first. Only where the engine shares this container's processes; "no" elsewhere.
bool serves(const Seen& seen) {
    const std::string process = "/proc/" + seen.pid;
    const std::string groups = read_file_end(process + "/cgroup", kMostInCgroupFile);
    if (seen.id.empty() || groups.find(seen.id) == std::string::npos) return false;
    const UniqueFd socket = connect_unix(process + "/root" + kBuilderSocket);
    if (!socket) return false;
    pollfd waiting{socket.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&waiting, 1, kFirstByteMs) == 1 && read_some(socket.get(), &byte, 1) == 1;
}

/// Asks whether the builder answers, as buildx does.
bool answers(const BuilderBoot& boot) {
    const Json wanted{
        {"Cmd", {"buildctl", "debug", "workers"}}, {"AttachStdout", true}, {"AttachStderr", true}};
    const auto made =
        ask_engine(boot.socket, "POST",
                   "/containers/" + builder_container_name(boot.builder) + "/exec", wanted.dump());
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

enum class Wait { kGoesOn, kAnswers, kHasEnded, kIsGone };

/// `look_further` is asked while the builder does not answer.
Wait wait_until_it_answers(const BuilderBoot& boot,
                           const std::function<Wait(const Seen&)>& look_further) {
    const std::int64_t begin = monotonic_ms();
    std::int64_t asked = begin;
    for (std::int64_t now = begin; now < begin + kLimitMs; now = monotonic_ms()) {
        const Seen seen = look_at(boot);
        if (seen.running && serves(seen)) return Wait::kAnswers;
        if (seen.running && now >= asked + kWorkersPollMs) {
            if (answers(boot)) return Wait::kAnswers;
            asked = monotonic_ms();
        }
        const Wait further = look_further(seen);
        if (further != Wait::kGoesOn) return further;
        ::poll(nullptr, 0, kListenPollMs);
    }
    return Wait::kGoesOn;
}

bool boot_by_buildx(const BuilderBoot& boot) {
    const pid_t buildx = start_buildx(boot);
    if (buildx < 0) return false;
    const Wait waited = wait_until_it_answers(boot, [buildx](const Seen&) {
        return has_ended(buildx) ? Wait::kHasEnded : Wait::kGoesOn;
    });
    ::kill(buildx, SIGKILL);  // the builder answers: buildx has nothing left to do
    ::waitpid(buildx, nullptr, 0);
    return waited == Wait::kAnswers;
}

Wait start_and_wait(const BuilderBoot& boot, const BuilderContainer& container) {
    start_builder_container(boot.socket, builder_container_name(boot.builder), container);
    return wait_until_it_answers(boot, [](const Seen& seen) {
        if (!seen.there) return Wait::kIsGone;
        return seen.running ? Wait::kGoesOn : Wait::kHasEnded;
    });
}

void remove(const BuilderBoot& boot, const std::string& what) {
    ask_engine(boot.socket, "DELETE", what);
}

/// The reason may be the state or anything else, like the configuration. A boot without the state
/// tells, and the state stays until then.
Booted boot_without_state(const BuilderBoot& boot, BuilderContainer container) {
    const std::string name = builder_container_name(boot.builder);
    remove(boot, "/containers/" + name + "?force=1");
    container.keeps_state = false;
    const Wait without = start_and_wait(boot, container);
    remove(boot, "/containers/" + name + "?force=1&v=1");
    if (without != Wait::kAnswers) return Booted::kNo;
    remove(boot, "/volumes/" + name + "_state?force=1");
    container.keeps_state = true;
    const Wait empty = start_and_wait(boot, container);
    return empty == Wait::kAnswers ? Booted::kWithoutItsState : Booted::kNo;
}

Booted boot_container(const BuilderBoot& boot) {
    auto container = *boot.container;
    container.image = boot.image;
    const Wait waited = start_and_wait(boot, container);
    if (waited == Wait::kHasEnded) return boot_without_state(boot, std::move(container));
    return waited == Wait::kAnswers ? Booted::kYes : Booted::kNo;
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

Booted boot_builder(const BuilderBoot& boot) {
    try {
        const Seen seen = look_at(boot);
        if (seen.running) return Booted::kNo;
        if (ask_engine(boot.socket, "GET", "/images/" + boot.image + "/json").status != 200)
            return Booted::kNo;
        if (!seen.there && boot.container) return boot_container(boot);
        return boot_by_buildx(boot) ? Booted::kYes : Booted::kNo;
    } catch (const Failure&) {
        return Booted::kNo;
    }
}

}  // namespace executors::helper
