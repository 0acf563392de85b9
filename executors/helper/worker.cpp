#include "executors/helper/worker.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/json.hpp"
#include "executors/helper/child_process.hpp"

namespace executors::helper {

namespace {

constexpr int kInputFd = kFirstKeptFd;
constexpr int kOutputFd = kFirstKeptFd + 1;
constexpr int kInputPipeBytes = 1024 * 1024;

[[noreturn]] void run_child(const UniqueFd& input, const UniqueFd& output,
                            const std::function<std::string(int)>& work) {
    separate_child({input.get(), output.get()});
    std::string answer;
    try {
        answer = work(input ? kInputFd : -1);
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
    // For fewer turns between the two processes. Where the kernel refuses it, a smaller one does.
    if (has_input) ::fcntl(input.write.get(), F_SETPIPE_SZ, kInputPipeBytes);
    pid_ = ::fork();
    if (pid_ < 0) fail_errno("make a worker");
    if (pid_ == 0) run_child(input.read, output.write, work);
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
