#include "base/subprocess.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <string_view>

#include "base/files.hpp"
#include "base/pidfd.hpp"
#include "base/spawn_on_socket.hpp"

namespace base {

namespace {

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

}  // namespace

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added, bool inherit) {
    std::map<std::string, std::string, std::less<>> entries;
    for (char** entry = environ; inherit && *entry != nullptr; ++entry) {
        entries[std::string(name_of(*entry))] = *entry;
    }
    for (const std::string& entry : added) entries[std::string(name_of(entry))] = entry;
    std::vector<std::string> out;
    for (auto& [name, entry] : entries) out.push_back(std::move(entry));
    return out;
}

namespace {

class SpawnSettings {
  public:
    SpawnSettings() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        sigset_t none;
        sigset_t pipe_only;
        sigemptyset(&none);
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &pipe_only);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    /// `input` and `output` are the program's ends of pipes. Without `input` it reads /dev/null.
    void redirect(const UniqueFd& input, const UniqueFd& output, const SubprocessOptions& options) {
        if (input) {
            posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        }
        if (options.output_file.empty()) {
            posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
        } else {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, options.output_file.c_str(),
                                             O_WRONLY | O_CREAT | O_TRUNC, 0600);
        }
        if (options.errors_with_output) {
            posix_spawn_file_actions_adddup2(&actions, output.get(), STDERR_FILENO);
        } else {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        }
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a pipe");
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<pid_t> spawn_with_pipes(const SubprocessOptions& options, const UniqueFd& input,
                               const UniqueFd& output) {
    SpawnSettings settings;
    settings.redirect(input, output, options);
    if (!options.directory.empty()) {
        posix_spawn_file_actions_addchdir_np(&settings.actions, options.directory.c_str());
    }
    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> environment =
        merged_environment(options.environment, options.inherit_environment);
    const auto argv = pointers_to(arguments);
    const auto envp = pointers_to(environment);
    pid_t pid = -1;
    const int failed = ::posix_spawnp(&pid, argv[0], &settings.actions, &settings.attributes,
                                      argv.data(), envp.data());
    if (failed != 0) return errno_error(failed, "start " + options.arguments.front());
    return pid;
}

}  // namespace

namespace {

/// The children that a Subprocess waits for, and whether all others are reaped.
struct Children {
    std::set<pid_t> awaited;
    bool adopts = false;
};

Children& children() {
    static Children all;
    return all;
}

}  // namespace

void reap_orphans() {
    children().adopts = true;
    siginfo_t ended{};
    // WNOWAIT: the status of a child that is awaited must stay for its Subprocess.
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) {
        if (children().awaited.contains(ended.si_pid)) return;
        ::waitpid(ended.si_pid, nullptr, WNOHANG);
        ended = {};
    }
}

Subprocess::Subprocess(pid_t pid, UniqueFd lifeline, boost::asio::posix::stream_descriptor output,
                       boost::asio::posix::stream_descriptor exit_event)
    : pid_(pid),
      lifeline_(std::move(lifeline)),
      output_(std::move(output)),
      exit_event_(std::move(exit_event)) {
    children().awaited.insert(pid);
}

Result<std::unique_ptr<Subprocess>> Subprocess::start(const boost::asio::any_io_executor& executor,
                                                      const SubprocessOptions& options) {
    auto output = make_pipe();
    if (!output) return output.error();
    Pipe lifeline;
    if (options.lifeline) {
        auto made = make_pipe();
        if (!made) return made.error();
        lifeline = std::move(*made);
    }
    const auto pid = options.stdio_socket >= 0
                         ? spawn_on_socket(options, output->write)
                         : spawn_with_pipes(options, lifeline.read, output->write);
    if (!pid) return pid.error();
    UniqueFd exit_event = open_pidfd(*pid);
    if (!exit_event) {
        const int saved = errno;
        ::kill(-*pid, SIGKILL);
        ::waitpid(*pid, nullptr, 0);
        return errno_error(saved, "watch " + options.arguments.front());
    }
    boost::asio::posix::stream_descriptor stream(executor, output->read.release());
    boost::asio::posix::stream_descriptor event(executor, exit_event.release());
    return std::unique_ptr<Subprocess>(
        new Subprocess(*pid, std::move(lifeline.write), std::move(stream), std::move(event)));
}

Subprocess::~Subprocess() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    reap();
}

int Subprocess::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    children().awaited.erase(pid_);
    pid_ = -1;
    if (children().adopts) reap_orphans();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Task<Result<std::string>> Subprocess::read_some(std::size_t limit) {
    std::string bytes(limit, '\0');
    auto [code, size] = co_await output_.async_read_some(boost::asio::buffer(bytes), use_tuple);
    if (code && code != boost::asio::error::eof)
        co_return make_error(code, "read a program's output");
    bytes.resize(size);
    co_return bytes;
}

Task<Result<int>> Subprocess::wait() {
    auto [code] =
        co_await exit_event_.async_wait(boost::asio::posix::descriptor_base::wait_read, use_tuple);
    if (code) co_return make_error(code, "wait for a program");
    co_return reap();
}

void Subprocess::signal(int number) {
    if (pid_ > 0) ::kill(-pid_, number);
}

Task<Result<ProgramEnd>> run_to_end(boost::asio::any_io_executor executor,
                                    SubprocessOptions options, std::size_t most) {
    constexpr std::size_t kPieceBytes = 64UL * 1024;
    auto process = Subprocess::start(executor, options);
    if (!process) co_return process.error();
    ProgramEnd ended;
    while (true) {
        auto piece = co_await (*process)->read_some(kPieceBytes);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        ended.output.append(*piece, 0, most - ended.output.size());
    }
    auto status = co_await (*process)->wait();
    if (!status) co_return status.error();
    ended.status = *status;
    co_return std::move(ended);
}

}  // namespace base
