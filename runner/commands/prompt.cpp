#include "runner/commands/prompt.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

/// During its life Ctrl-C ends read() instead of the program, so that a command can undo what it
/// has begun.
class InterruptsReads {
  public:
    InterruptsReads() {
        struct sigaction wake {};
        wake.sa_handler = [](int) {};
        ::sigaction(SIGINT, &wake, &before_);
    }
    ~InterruptsReads() { ::sigaction(SIGINT, &before_, nullptr); }
    InterruptsReads(const InterruptsReads&) = delete;
    InterruptsReads& operator=(const InterruptsReads&) = delete;

  private:
    struct sigaction before_ {};
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

base::Result<std::string> read_line() {
    std::string line;
    while (true) {
        char c = 0;
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR)
            return base::make_error(base::ErrorKind::kCancelled, "interrupted");
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
    std::fputs(fmt::format("{}:\n[{}]: ", question, shown).c_str(), stdout);
    std::fflush(stdout);
    const InterruptsReads interruptible;
    auto line = read_line();
    if (!line) {
        std::fputs("\n", stdout);
        return line;
    }
    std::string answer(base::trim(*line));
    return answer.empty() ? present : answer;
}

}  // namespace runner::commands
