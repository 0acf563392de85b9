#include "executors/helper/stage_output.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "executors/helper/messages.hpp"

namespace executors::helper {

namespace {

/// The kernel's default for fs.pipe-max-size: no pipe holds more.
constexpr std::size_t kMaxPipeBytes = 1024 * 1024;

/// One buffer serves all stages, because one thread reads them one after another.
std::array<char, kMaxOutputBytes>& shared_buffer() {
    static std::array<char, kMaxOutputBytes> buffer;
    return buffer;
}

void keep_end(std::string& text) {
    if (text.size() > kHiddenOutputBytes) text.erase(0, text.size() - kHiddenOutputBytes);
}

}  // namespace

void OutputBudget::set_limit(std::uint64_t bytes) {
    limit_ = bytes;
    said_ = used_ > limit_;
}

std::size_t OutputBudget::take(std::size_t wanted) {
    const std::uint64_t left = used_ < limit_ ? limit_ - used_ : 0;
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, wanted));
    used_ += wanted;
    if (taken < wanted && !said_) {
        said_ = true;
        log_.append(RecordType::kNotice, base::OutputStream::kNone, 0,
                    event_json(kEventOutputLimit, "limit", static_cast<std::int64_t>(limit_)));
    }
    return taken;
}

StageOutput::StageOutput(Reactor& reactor, EventLog& log, OutputBudget& budget, std::uint16_t stage,
                         bool hidden, std::function<void()> on_closed)
    : reactor_(reactor),
      log_(log),
      budget_(budget),
      stage_(stage),
      hidden_(hidden),
      on_closed_(std::move(on_closed)) {
    pipes_[0].stream = base::OutputStream::kStdout;
    pipes_[1].stream = base::OutputStream::kStderr;
}

StageOutput::~StageOutput() {
    for (auto& pipe : pipes_) close(pipe);
}

void StageOutput::open(UniqueFd standard_output, UniqueFd standard_error) {
    pipes_[0].fd = std::move(standard_output);
    pipes_[1].fd = std::move(standard_error);
    for (auto& pipe : pipes_) watch(pipe);
}

void StageOutput::watch(Source& pipe) {
    reactor_.watch(pipe.fd.get(), EPOLLIN, [this, &pipe](std::uint32_t) { read_once(pipe); });
}

bool StageOutput::read_once(Source& pipe) {
    if (!pipe.fd) return false;
    auto& buffer = shared_buffer();
    const ssize_t count = read_some(pipe.fd.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (count <= 0) {
        close(pipe);
        if (is_closed()) on_closed_();
        return false;
    }
    if (!discarding_) take(pipe.stream, {buffer.data(), static_cast<std::size_t>(count)});
    return true;
}

void StageOutput::read_available() {
    // All that the shell has written is in the pipes. The limit is for a child that goes on
    // writing.
    for (auto& pipe : pipes_) {
        for (std::size_t read = 0; read < kMaxPipeBytes && !log_.blocked();
             read += kMaxOutputBytes) {
            if (discarding_ || !read_once(pipe)) break;
        }
    }
}

void StageOutput::take(base::OutputStream stream, std::string_view bytes) {
    if (hidden_) {
        hidden_text_.append(bytes);
        if (hidden_text_.size() > 2 * kHiddenOutputBytes) keep_end(hidden_text_);
        return;
    }
    const std::size_t taken = budget_.take(bytes.size());
    if (taken > 0) log_.append(RecordType::kOutput, stream, stage_, bytes.substr(0, taken));
}

void StageOutput::close(Source& pipe) {
    if (!pipe.fd) return;
    reactor_.forget(pipe.fd.get());
    pipe.fd.reset();
}

void StageOutput::set_paused(bool paused) {
    for (auto& pipe : pipes_) {
        if (!pipe.fd) continue;
        // epoll reports the end of a pipe whatever the events are, so the pipe is taken out.
        reactor_.forget(pipe.fd.get());
        if (!paused) watch(pipe);
    }
}

std::string StageOutput::take_hidden_text() {
    keep_end(hidden_text_);
    return std::move(hidden_text_);
}

}  // namespace executors::helper
