#include "runner/commands/prompt.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

/// During its life Ctrl-C ends wait_for_input() instead of the program, so that a command can undo
/// what it has begun. A signal that comes before the wait is held until then.
class InterruptibleInput {
  public:
    InterruptibleInput() {
        sigset_t held;
        sigemptyset(&held);
        sigaddset(&held, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &held, &mask_before_);
        struct sigaction wake {};
        wake.sa_handler = [](int) {};
        ::sigaction(SIGINT, &wake, &action_before_);
    }
    ~InterruptibleInput() {
        ::sigaction(SIGINT, &action_before_, nullptr);
        ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    }
    InterruptibleInput(const InterruptibleInput&) = delete;
    InterruptibleInput& operator=(const InterruptibleInput&) = delete;

    /// False when a signal came first.
    [[nodiscard]] bool wait_for_input() const {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        return ::ppoll(&input, 1, nullptr, &mask_before_) >= 0 || errno != EINTR;
    }

  private:
    struct sigaction action_before_ {};
    sigset_t mask_before_{};
};

class HiddenTyping {
  public:
    explicit HiddenTyping(bool wanted)
        : active_(wanted && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!active_) return;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        hidden.c_lflag |= ECHONL;
        ::tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
    }
    ~HiddenTyping() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;

  private:
    termios before_{};
    bool active_;
};

base::Result<std::string> read_line(const InterruptibleInput& input) {
    std::string line;
    while (true) {
        char c = 0;
        if (!input.wait_for_input())
            return base::make_error(base::ErrorKind::kCancelled, "interrupted");
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got <= 0) {
            if (!line.empty()) return line;
            return base::make_error(
                base::ErrorKind::kCancelled,
                "the input ended before all questions were answered; give the answers as flags "
                "with --non-interactive");
        }
        if (c == '\n') return line;
        line += c;
    }
}

}  // namespace

base::Result<std::string> ask(std::string_view question, const std::string& present, bool secret) {
    const std::string shown = secret && !present.empty() ? "********" : present;
    // Before the question: an answer that is pasted or written by a program comes at once.
    const HiddenTyping hidden(secret);
    const InterruptibleInput input;
    std::fputs(fmt::format("{}:\n[{}]: ", question, shown).c_str(), stdout);
    std::fflush(stdout);
    auto line = read_line(input);
    if (!line) {
        std::fputs("\n", stdout);
        return line;
    }
    std::string answer(base::trim(*line));
    return answer.empty() ? present : answer;
}

}  // namespace runner::commands
