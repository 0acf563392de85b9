#include "executors/helper/containerd_start.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "base/json.hpp"
#include "executors/helper/engine_seed.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::int64_t kContainerdLimitMs = 10'000;
/// For a directory that cannot be watched.
constexpr int kListenRecheckMs = 20;
/// Between an end of containerd and its next start.
constexpr int kRestartPauseMs = 500;

std::string socket_in(const ContainerdPlaces& places) { return places.state + "/containerd.sock"; }

/// What dockerd 18.09 and later write, but for settings with containerd's own default.
std::string config_of(const ContainerdPlaces& places) {
    return "version = 2\n"
           "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
           "root = \"" +
           places.root + "\"\nstate = \"" + places.state +
           "/daemon\"\n"
           "[debug]\n"
           "address = \"" +
           places.state +
           "/containerd-debug.sock\"\n"
           "[grpc]\n"
           "address = \"" +
           socket_in(places) +
           "\"\n"
           "max_recv_message_size = 16777216\n"
           "max_send_message_size = 16777216\n";
}

void write_config(const ContainerdPlaces& places, const std::string& path) {
    make_directories(directory_name(places.state), 0711);
    make_directories(places.state, 0700);
    const UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || !write_all(file.get(), config_of(places))) fail_errno("write " + path);
}

bool is_over(int pidfd, int wait_ms) {
    pollfd watched{pidfd, POLLIN, 0};
    return ::poll(&watched, 1, wait_ms) > 0;
}

/// The process that has containerd as its child while `dockerd` lives.
class Guardian {
  public:
    Guardian(std::string program, ContainerdPlaces places, std::string config, int dockerd)
        : program_(std::move(program)),
          places_(std::move(places)),
          config_(std::move(config)),
          dockerd_(dockerd) {}

    /// `started` gets a byte when containerd listens, and is closed.
    void run(UniqueFd started) {
        ::setsid();
        ::prctl(PR_SET_NAME, "runner-helper");  // `pkill dockerd` means another one
        const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        ::inotify_add_watch(watch.get(), places_.state.c_str(), IN_CREATE | IN_ATTRIB);
        start();
        if (!wait_until_it_listens(watch.get()) || !write_all(started.get(), "+")) return end();
        started.reset();
        while (!is_over(dockerd_, 0)) {
            if (!wait_for_an_end()) continue;
            if (is_over(dockerd_, kRestartPauseMs)) return;
            std::fprintf(stderr, "runner-helper: containerd has ended, it is started again\n");
            start();
        }
        end();
    }

  private:
    void start() {
        const pid_t parent = ::getpid();
        containerd_ = ::fork();
        if (containerd_ < 0) ::_exit(1);
        if (containerd_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);
            ::_exit(become_program(program_, {"containerd", "--config", config_}));
        }
        child_ = open_pidfd(containerd_);
        if (!child_) end();
    }

    bool wait_until_it_listens(int watch) {
        const std::int64_t until = monotonic_ms() + kContainerdLimitMs;
        while (!connect_unix(socket_in(places_))) {
            std::array<pollfd, 3> watched{
                {{child_.get(), POLLIN, 0}, {dockerd_, POLLIN, 0}, {watch, POLLIN, 0}}};
            ::poll(watched.data(), watched.size(), kListenRecheckMs);
            std::array<char, 4096> events;
            while (read_some(watch, events.data(), events.size()) > 0) {
            }
            const bool ended = watched[0].revents != 0 || watched[1].revents != 0;
            if (ended || monotonic_ms() > until) return false;
        }
        return true;
    }

    /// Whether it is containerd that has ended, and not dockerd.
    bool wait_for_an_end() {
        std::array<pollfd, 2> watched{{{child_.get(), POLLIN, 0}, {dockerd_, POLLIN, 0}}};
        ::poll(watched.data(), watched.size(), -1);
        if (watched[0].revents == 0) return false;
        ::waitpid(containerd_, nullptr, 0);
        return true;
    }

    void end() {
        ::kill(containerd_, SIGKILL);
        ::waitpid(containerd_, nullptr, 0);
    }

    std::string program_;
    ContainerdPlaces places_;
    std::string config_;
    int dockerd_;
    pid_t containerd_ = -1;
    UniqueFd child_;
};

/// The caller's child ends at once, so that init inherits the guardian.
void fork_guardian(Guardian guardian, Pipe& pipe) {
    const pid_t child = ::fork();
    if (child < 0) fail_errno("start containerd");
    if (child > 0) {
        ::waitpid(child, nullptr, 0);
        pipe.write.reset();
        return;
    }
    if (::fork() == 0) guardian.run(std::move(pipe.write));
    ::_exit(0);
}

}  // namespace

bool starts_own_containerd(const std::vector<std::string>& arguments,
                           const std::string& daemon_json) {
    static constexpr std::array<std::string_view, 5> kOther{
        "containerd", "exec-root", "userns-remap", "cri-containerd", "rootless"};
    const auto is_other = [](std::string_view argument) {
        if (argument.substr(0, 2) != "--") return false;
        const auto name = argument.substr(2, argument.find('=') - 2);
        return std::find(kOther.begin(), kOther.end(), name) != kOther.end();
    };
    if (std::any_of(arguments.begin(), arguments.end(), is_other)) return false;
    if (!uses_default_data_root(arguments, daemon_json)) return false;
    const auto file = base::parse_foreign_json(daemon_json);
    return !file.is_object() ||
           std::none_of(kOther.begin(), kOther.end(), [&](auto key) { return file.contains(key); });
}

std::string start_containerd(const ContainerdPlaces& places) {
    const std::string program = find_next_in_path("containerd");
    if (program.empty() || ::access(places.of_system.c_str(), F_OK) == 0) return {};
    // That of another dockerd, which does not let this one start.
    if (connect_unix(socket_in(places))) return {};
    const UniqueFd self = open_pidfd(::getpid());
    if (!self) return {};
    const std::string config = places.state + "/containerd.toml";
    Pipe pipe = make_pipe();
    write_config(places, config);
    fork_guardian(Guardian(program, places, config, self.get()), pipe);
    char byte = 0;
    if (read_some(pipe.read.get(), &byte, 1) != 1) return {};
    return "--containerd=" + socket_in(places);
}

std::vector<std::string> with_containerd(std::vector<std::string> arguments) {
    if (::geteuid() != 0 || !starts_own_containerd(arguments, read_daemon_json())) return arguments;
    try {
        const std::string option = start_containerd();
        if (!option.empty()) arguments.push_back(option);
    } catch (const Failure& failure) {
        std::fprintf(stderr, "runner-helper: dockerd starts containerd itself: %s\n",
                     failure.what());
    }
    return arguments;
}

}  // namespace executors::helper
