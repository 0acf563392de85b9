#include "executors/helper/copy_both.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// How long a client that takes nothing may keep the rest of a program that has ended.
constexpr int kRestMs = 2'000;
/// The kernel hands what was written to a terminal on in its own time.
constexpr int kQuietMs = 100;

/// One direction: at most one buffer is under way.
class Flow {
  public:
    Flow(int from, int to) : from_(from), to_(to) {}

    [[nodiscard]] bool wants_input() const { return !ended_ && begin_ == end_; }
    [[nodiscard]] bool wants_output() const { return begin_ < end_; }
    /// The source has ended, and nothing of it is left here.
    [[nodiscard]] bool is_over() const { return ended_ && begin_ == end_; }

    void read() {
        const ssize_t count = read_some(from_, buffer_.data(), buffer_.size());
        if (count < 0 && errno == EAGAIN) return;
        // The master of a terminal answers EIO when no process has the terminal any more.
        ended_ = count <= 0;
        begin_ = 0;
        end_ = ended_ ? 0 : static_cast<std::size_t>(count);
    }
    /// False when the target takes nothing any more.
    bool write() {
        const ssize_t count = ::write(to_, buffer_.data() + begin_, end_ - begin_);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        begin_ += static_cast<std::size_t>(count);
        return true;
    }

  private:
    int from_;
    int to_;
    std::array<char, 32 * 1024> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool ended_ = false;
};

class Copy {
  public:
    Copy(int client, int other, int ended)
        : client_(client), other_(other), ended_(ended), up_(client, other), down_(other, client) {}

    void run() {
        while (round()) {
        }
    }

  private:
    bool round() {
        // A side of which nothing is wanted has no descriptor here, because poll() would tell its
        // end again and again. Of the client the end always matters.
        const short to_other = static_cast<short>((down_.wants_input() ? POLLIN : 0) |
                                                  (up_.wants_output() ? POLLOUT : 0));
        const short to_client = static_cast<short>((up_.wants_input() ? POLLIN : 0) |
                                                   (down_.wants_output() ? POLLOUT : 0));
        std::array<pollfd, 3> waits{{{client_, to_client, 0},
                                     {to_other == 0 ? -1 : other_, to_other, 0},
                                     {closing_ ? -1 : ended_, POLLIN, 0}}};
        const int limit = !closing_ ? -1 : down_.wants_output() ? kRestMs : kQuietMs;
        const int count = ::poll(waits.data(), waits.size(), limit);
        if (count < 0) return errno == EINTR;
        if (count == 0) return false;
        if (waits[2].revents != 0) closing_ = true;
        return serve_client(waits[0].revents) && serve_other(waits[1].revents);
    }

    bool serve_client(short events) {
        if ((events & (POLLERR | POLLNVAL)) != 0) return false;
        if ((events & (POLLIN | POLLHUP)) != 0) {
            if (!up_.wants_input()) return false;
            up_.read();
            if (up_.is_over()) return false;
        }
        return (events & POLLOUT) == 0 || !down_.wants_output() || down_.write();
    }

    bool serve_other(short events) {
        if (events != 0 && up_.wants_output() && !up_.write()) return false;
        if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && down_.wants_input()) down_.read();
        return !down_.is_over();
    }

    int client_;
    int other_;
    int ended_;
    Flow up_;
    Flow down_;
    bool closing_ = false;
};

}  // namespace

void copy_both(int client, int other, int ended) {
    set_nonblocking(client);
    set_nonblocking(other);
    Copy(client, other, ended).run();
}

}  // namespace executors::helper
