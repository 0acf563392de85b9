#include "executors/helper/hold.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/parse.hpp"

namespace executors::helper {

namespace {

constexpr const char* kHoldSocket = "hold";
/// In front of the entries: an empty list is a release, too.
constexpr char kReleased = 'R';
constexpr std::int64_t kLookAgainMs = 5;
constexpr std::size_t kMostDigits = 9;
constexpr std::string_view kRest = "rest";
constexpr std::string_view kWake = "wake";
constexpr std::string_view kLeave = "leave";

bool is_startable(const std::string& program) {
    if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
    for (const auto& directory : split_text(environment_or("PATH", "/usr/bin:/bin"), ':')) {
        const std::string path = (directory.empty() ? "." : directory) + "/" + program;
        if (::access(path.c_str(), X_OK) == 0) return true;
    }
    return false;
}

/// Of this user or of root: programs of other users may reach the socket's directory.
bool is_trusted(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == ::geteuid();
}

UniqueFd wait_for_client(int listener) {
    while (true) {
        pollfd waiting{listener, POLLIN, 0};
        ::poll(&waiting, 1, -1);
        UniqueFd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        if (client && is_trusted(client.get())) return client;
    }
}

/// Standard input may be non-blocking, and other processes share that mode.
ssize_t read_waiting(int fd, char* target, std::size_t size) {
    while (true) {
        const ssize_t count = read_some(fd, target, size);
        if (count >= 0 || errno != EAGAIN) return count;
        pollfd readable{fd, POLLIN, 0};
        ::poll(&readable, 1, -1);
    }
}

/// A line without its end; "" at the end of the input.
std::string read_line(int fd) {
    std::string line;
    char byte = 0;
    while (read_waiting(fd, &byte, 1) == 1 && byte != '\n' && line.size() <= kMostDigits)
        line += byte;
    if (!line.empty() && byte != '\n') throw Failure("the job's variables cannot be read: no size");
    return line;
}

/// Whether the line was for `rest`.
bool is_for_rest(const std::string& line, Rest* rest) {
    if (line != kRest && line != kWake) return false;
    if (rest == nullptr) return true;
    if (line == kWake) {
        rest->end();
        return true;
    }
    try {
        rest->begin();
    } catch (const Failure& failure) {  // the container serves its job all the same
        std::fprintf(stderr, "runner-helper: the engine does not rest: %s\n", failure.what());
    }
    return true;
}

[[noreturn]] void become(std::vector<std::string> command) {
    std::vector<char*> words;
    for (auto& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    ::execvp(words.front(), words.data());
    fail_errno("start " + command.front());
}

}  // namespace

int hold(const HoldOptions& options) {
    if (options.command.empty()) throw Failure("no program was named");
    if (!is_startable(options.command.front()))
        throw Failure("there is no program " + options.command.front());
    make_directories(options.directory, 0700);
    std::string text;
    {
        const UniqueFd listener = listen_in(options.directory, kHoldSocket);
        const UniqueFd client = wait_for_client(listener.get());
        text = read_all(client.get());
    }
    ::unlink((options.directory + "/" + kHoldSocket).c_str());
    if (text.empty() || text.front() != kReleased) return 0;
    take_variables(text.substr(1));
    become(options.command);
}

UniqueFd reach_hold(const std::string& directory, std::int64_t limit_ms) {
    const std::int64_t until = monotonic_ms() + limit_ms;
    while (true) {
        try {
            return connect_in(directory, kHoldSocket);
        } catch (const Failure&) {
            if (monotonic_ms() >= until) throw;
        }
        // The directory may not exist yet, so there is nothing to watch.
        ::poll(nullptr, 0, static_cast<int>(kLookAgainMs));
    }
}

void release_hold(int socket, const std::string& entries) {
    if (!write_all(socket, std::string(1, kReleased) + entries))
        fail_errno("let the container's program go on");
    ::shutdown(socket, SHUT_WR);
}

std::optional<std::string> read_release(int fd, Rest* rest,
                                        const std::function<void(Rest&)>& leave) {
    std::string line;
    do {
        if (rest != nullptr) rest->wait_readable(fd);
        line = read_line(fd);
        if (line == kLeave) {
            if (rest != nullptr && leave) leave(*rest);
            return std::nullopt;
        }
    } while (is_for_rest(line, rest));
    if (rest != nullptr) rest->end();
    if (line.empty()) return std::nullopt;
    const auto size = base::parse_number<std::size_t>(line);
    if (!size || *size > kMaxReleaseBytes)
        throw Failure("the job's variables cannot be read: no size");
    std::string entries(*size, '\0');
    std::size_t have = 0;
    while (have < entries.size()) {
        const ssize_t count = read_waiting(fd, entries.data() + have, entries.size() - have);
        if (count <= 0) throw Failure("the job's variables are not complete");
        have += static_cast<std::size_t>(count);
    }
    return entries;
}

void take_variables(const std::string& entries) {
    for (const auto& entry : split_text(entries, '\0')) {
        const auto equal = entry.find('=');
        if (equal == 0 || equal == std::string::npos) continue;
        ::setenv(entry.substr(0, equal).c_str(), entry.c_str() + equal + 1, 1);
    }
}

}  // namespace executors::helper
