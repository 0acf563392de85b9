#include "executors/helper/engine_wait.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/json.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::int64_t kPollMs = 5;
/// An engine makes its socket for root and then lets others use it.
constexpr std::int64_t kDeniedLimitMs = 3000;
constexpr std::int64_t kBlindPollMs = 50;  // when the socket's directory cannot be watched
constexpr std::size_t kTailBytes = 64 * 1024;
constexpr std::size_t kTailLines = 20;
constexpr std::string_view kPing =
    "GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

bool wait_readable(int fd, std::int64_t until_ms) {
    const std::int64_t left = std::max<std::int64_t>(until_ms - monotonic_ms(), 0);
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000))) > 0;
}

/// Sleeps until something happens in the socket's directory, at most `limit_ms`.
class SocketWatch {
  public:
    explicit SocketWatch(const std::string& path)
        : directory_(directory_name(path)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

    void wait(std::int64_t limit_ms) {
        if (watch_ < 0 && inotify_) {
            watch_ = ::inotify_add_watch(inotify_.get(), directory_.c_str(),
                                         IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
        }
        if (watch_ < 0) limit_ms = std::min(limit_ms, kBlindPollMs);
        wait_readable(inotify_.get(), monotonic_ms() + limit_ms);
        std::array<char, 4096> events;
        while (inotify_ && read_some(inotify_.get(), events.data(), events.size()) > 0) {
        }
    }

  private:
    std::string directory_;
    UniqueFd inotify_;
    int watch_ = -1;
};

struct Attempt {
    bool ready = false;
    bool absent = false;  ///< there is no socket, or nobody listens on it
    std::string error;
    bool denied = false;  ///< this user may not use it
};

Attempt attempt_failed(std::string_view doing) {
    const int code = errno;
    return {false, code == ENOENT || code == ECONNREFUSED, errno_text(doing, code), code == EACCES};
}

/// Sends a ping and reads the first line of the answer. An engine listens before it serves, so the
/// answer comes when it is ready.
Attempt ping(const UniqueFd& socket, const std::string& path, std::int64_t until_ms) {
    if (::send(socket.get(), kPing.data(), kPing.size(), MSG_NOSIGNAL) < 0) {
        return attempt_failed("write to " + path);
    }
    std::string reply;
    std::array<char, 1024> buffer;
    while (reply.find("\r\n") == std::string::npos && reply.size() < 4096) {
        if (!wait_readable(socket.get(), until_ms)) {
            return {false, false, path + " accepts connections but does not answer"};
        }
        const ssize_t count = read_some(socket.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        reply.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const std::string line = reply.substr(0, reply.find("\r\n"));
    if (line.rfind("HTTP/1.", 0) == 0 && line.find(" 200") == 8) return {true, false, ""};
    return {false, false, path + " answered '" + line.substr(0, 80) + "'"};
}

Attempt try_engine(const std::string& path, bool listening, std::int64_t until_ms) {
    try {
        const UniqueFd socket = connect_unix(path);
        if (!socket) return attempt_failed("connect to " + path);
        return listening ? Attempt{true, false, ""} : ping(socket, path, until_ms);
    } catch (const Failure& failure) {
        return {false, false, failure.what()};
    }
}

}  // namespace

std::string last_lines(const std::string& text, std::size_t lines) {
    std::size_t start = text.size();
    if (start > 0 && text[start - 1] == '\n') --start;
    while (start > 0 && lines > 0) {
        const auto end = text.rfind('\n', start - 1);
        if (--lines == 0 || end == std::string::npos) {
            return text.substr(end == std::string::npos ? 0 : end + 1);
        }
        start = end;
    }
    return lines == 0 ? "" : text;
}

std::string wait_for_engine(const WaitEngine& wait) {
    const std::int64_t began = monotonic_ms();
    const std::int64_t until = began + wait.timeout_ms;
    SocketWatch watch(wait.socket);
    Attempt attempt;
    std::int64_t denied_since = began;
    while (true) {
        attempt = try_engine(wait.socket, wait.listening, until);
        const std::int64_t now = monotonic_ms();
        const std::int64_t left = until - now;
        if (!attempt.denied) denied_since = now;
        if (attempt.ready || left <= 0 || now - denied_since >= kDeniedLimitMs) break;
        // The socket may have appeared before the watch began; then no event comes, so the first
        // waits are short.
        const bool just_begun = monotonic_ms() - began < 100;
        watch.wait(std::min(left, attempt.absent && !just_begun ? kBlindPollMs : kPollMs));
    }
    nlohmann::json answer{{"ok", attempt.ready}, {"waited_ms", monotonic_ms() - began}};
    if (!attempt.ready) {
        answer["error"] = attempt.error;
        if (!wait.log.empty()) {
            answer["log_tail"] = last_lines(read_file_end(wait.log, kTailBytes), kTailLines);
        }
    }
    return base::dump_json(answer);
}

}  // namespace executors::helper
