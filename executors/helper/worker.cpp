#include "executors/helper/worker.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/json.hpp"

namespace executors::helper {

namespace {

constexpr int kInputFd = 3;
constexpr int kOutputFd = 4;

/// Only its own ends stay open: another worker's pipe held here would never end.
void keep_only(const Fd& input, const Fd& output) {
    // Above 4 first, so that neither is overwritten by the other.
    const int high_output = ::fcntl(output.get(), F_DUPFD, 10);
    const int high_input = input ? ::fcntl(input.get(), F_DUPFD, 10) : -1;
    if (high_input >= 0) ::dup2(high_input, kInputFd);
    ::dup2(high_output, kOutputFd);
    ::close_range(kOutputFd + 1, ~0U, 0);
}

[[noreturn]] void run_child(bool has_input, const std::function<std::string(int)>& work) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGTERM, SIG_DFL);
    std::string answer;
    try {
        answer = work(has_input ? kInputFd : -1);
    } catch (const std::exception& failure) {
        answer = failure_json(failure.what());
    }
    ::_exit(write_all(kOutputFd, answer) ? 0 : 1);
}

}  // namespace

std::string failure_json(const std::string& error) {
    const nlohmann::json json{{"ok", false}, {"error", error}};
    return base::dump_json(json);
}

Worker::Worker(Reactor& reactor, bool has_input, const std::function<std::string(int)>& work,
               std::function<void(const std::string&)> on_end)
    : reactor_(reactor), on_end_(std::move(on_end)) {
    Pipe output = make_pipe();
    Pipe input;
    if (has_input) input = make_pipe();
    pid_ = ::fork();
    if (pid_ < 0) fail_errno("make a worker");
    if (pid_ == 0) {
        keep_only(input.read, output.write);
        run_child(has_input, work);
    }
    input_ = std::move(input.write);
    if (input_) set_nonblocking(input_.get());
    output_ = std::move(output.read);
    set_nonblocking(output_.get());
    reactor_.watch(output_.get(), EPOLLIN, [this](std::uint32_t) { on_readable(); });
}

Worker::~Worker() {
    if (!output_) return;
    ::kill(pid_, SIGKILL);
    reactor_.forget(output_.get());
}

void Worker::abort(const std::string& reason) {
    if (!output_) return;
    ::kill(pid_, SIGKILL);
    input_.reset();
    answer_ = failure_json(reason);
}

void Worker::on_readable() {
    std::array<char, 4096> buffer;
    const ssize_t count = read_some(output_.get(), buffer.data(), buffer.size());
    if (count < 0) return;
    if (count > 0) {
        answer_.append(buffer.data(), static_cast<std::size_t>(count));
        return;
    }
    reactor_.forget(output_.get());
    output_.reset();
    input_.reset();
    on_end_(answer_);
}

}  // namespace executors::helper
