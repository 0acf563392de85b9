#include "executors/helper/git_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace executors::helper {

namespace {

/// git's errors in one line: the last one alone often does not say why ("expected 'packfile'").
std::string in_one_line(const std::string& errors) {
    std::string all;
    std::string last;
    for (auto& line : split_text(errors, '\n')) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (line.empty()) continue;
        if (line.starts_with("error: ") || line.starts_with("fatal: "))
            all += (all.empty() ? "" : "; ") + line;
        last = std::move(line);
    }
    return all.empty() ? last : all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (auto& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

using Clock = std::chrono::steady_clock;

/// For the processes that are started meanwhile.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uint64_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &former_);
        if (bytes == 0) return;
        const rlimit wanted{std::min<rlim_t>(bytes, former_.rlim_max), former_.rlim_max};
        if (::setrlimit(RLIMIT_FSIZE, &wanted) != 0) fail_errno("limit the size of files");
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &former_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit former_{};
};

int milliseconds_until(Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

bool has_ended(pid_t pid) {
    siginfo_t info{};
    const int answered =
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    return answered != 0 || info.si_pid != 0;
}

/// Whether the process ended before `end`; else it and its children are killed. A kernel before 5.3
/// has nothing that tells of the end in time, so it is asked again and again.
bool ends_in_time(pid_t pid, Clock::time_point end) {
    if (end == Clock::time_point::max()) return true;
    const UniqueFd process = open_pidfd(pid);
    pollfd ended{process ? process.get() : -1, POLLIN, 0};
    while (!has_ended(pid)) {
        const int left = milliseconds_until(end);
        if (left == 0) {
            ::kill(-pid, SIGKILL);
            return false;
        }
        ::poll(&ended, 1, process ? left : std::min(left, 20));
    }
    return true;
}

/// As the leader of a group, which can be killed as a whole.
int spawn(pid_t& pid, posix_spawn_file_actions_t& actions, std::vector<std::string>& arguments,
          std::vector<std::string>& environment) {
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int code = ::posix_spawnp(&pid, "git", &actions, &attributes, pointers(arguments).data(),
                                    pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    return code;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) fail_errno("wait for git");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content) : fd_(::memfd_create("text", MFD_CLOEXEC)) {
    if (!fd_) fail_errno("make a file in memory");
    if (!write_all(fd_.get(), content)) fail_errno("write a file in memory");
    if (::lseek(fd_.get(), 0, SEEK_SET) < 0) fail_errno("read a file in memory");
}

std::string MemoryFile::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

std::string MemoryFile::read() const {
    if (::lseek(fd_.get(), 0, SEEK_SET) < 0) fail_errno("read a file in memory");
    return read_all(fd_.get());
}

GitProcess::GitProcess(std::vector<Setting> settings, std::vector<std::string> environment,
                       GitLimits limits)
    : environment_(std::move(environment)), limits_(limits) {
    environment_.push_back("PATH=" + environment_or("PATH", "/usr/bin:/bin"));
    for (const char* text :
         {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
          "GCM_INTERACTIVE=Never", "HOME=/", "LC_ALL=C"}) {
        environment_.emplace_back(text);
    }
    settings.insert(settings.end(), {{"safe.directory", "*"},
                                     {"gc.auto", "0"},
                                     {"fetch.unpackLimit", "1"},
                                     {"credential.helper", ""},
                                     {"init.defaultBranch", "none"}});
    environment_.push_back("GIT_CONFIG_COUNT=" + std::to_string(settings.size()));
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const std::string number = std::to_string(i);
        environment_.push_back("GIT_CONFIG_KEY_" + number + "=" + settings[i].first);
        environment_.push_back("GIT_CONFIG_VALUE_" + number + "=" + settings[i].second);
    }
}

GitProcess::Ended GitProcess::start(std::vector<std::string> arguments,
                                    std::string_view input) const {
    const MemoryFile in(input);
    const MemoryFile out("");
    const MemoryFile errors("");
    arguments.insert(arguments.begin(), "git");
    auto environment = environment_;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.fd(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.fd(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.fd(), STDERR_FILENO);
    pid_t pid = 0;
    const FileSizeLimit limit(limits_.file_bytes);
    const int code = spawn(pid, actions, arguments, environment);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw Failure(errno_text("start git", code));
    const bool in_time = ends_in_time(pid, limits_.end);
    return {wait_for(pid), in_time, out.read(), errors.read()};
}

std::string GitProcess::run(std::vector<std::string> arguments, std::string_view input) const {
    const std::string action = arguments.size() > 2 ? arguments[2] : arguments.front();
    auto ended = start(std::move(arguments), input);
    if (ended.code == 0) return std::move(ended.output);
    if (!ended.in_time) throw GitTimeout("git " + action + " did not end in time");
    const std::string said = in_one_line(ended.errors);
    throw GitFailure(
        said.empty() ? "git " + action + " ended with code " + std::to_string(ended.code) : said);
}

bool GitProcess::succeeds(std::vector<std::string> arguments) const {
    return start(std::move(arguments), {}).code == 0;
}

}  // namespace executors::helper
