#include "executors/helper/stage.hpp"

#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace executors::helper {

namespace {

/// The kernel's default for fs.pipe-max-size: no pipe holds more.
constexpr std::size_t kMaxPipeBytes = 1024 * 1024;

/// One buffer serves all stages, because one thread reads them one after another.
std::array<char, kMaxOutputBytes>& shared_buffer() {
    static std::array<char, kMaxOutputBytes> buffer;
    return buffer;
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

Stage::Stage(Reactor& reactor, EventLog& log, OutputBudget& budget, const RunStage& run,
             std::function<void(const std::string&)> on_end)
    : reactor_(reactor),
      log_(log),
      budget_(budget),
      number_(run.stage),
      grace_ms_(run.grace_ms),
      drain_ms_(run.drain_ms),
      hidden_(run.hidden),
      kill_group_(run.kill_group),
      on_end_(std::move(on_end)) {
    pipes_[0].stream = base::OutputStream::kStdout;
    pipes_[1].stream = base::OutputStream::kStderr;
    report_.reason = "exit";
}

Stage::~Stage() {
    for (auto& pipe : pipes_) close(pipe);
    for (const auto timer : {deadline_timer_, kill_timer_, drain_timer_}) reactor_.cancel(timer);
}

void Stage::start(const RunStage& run, int cgroup_procs) {
    try {
        Launched launched = launch_stage(run, cgroup_procs);
        pid_ = launched.pid;
        pipes_[0].fd = std::move(launched.standard_output);
        pipes_[1].fd = std::move(launched.standard_error);
        log_.append(RecordType::kStarted, base::OutputStream::kNone, number_,
                    started_json(pid_, launched.shell));
    } catch (const Failure& failure) {
        log_.append(RecordType::kStarted, base::OutputStream::kNone, number_, started_json(0, ""));
        report_ = {127, 0, "start_failed", failure.what(), ""};
        return finish();
    }
    for (auto& pipe : pipes_) watch(pipe);
    if (run.deadline_ms > 0) {
        deadline_timer_ = reactor_.after(run.deadline_ms, [this] { stop(grace_ms_, "deadline"); });
    }
}

void Stage::watch(OutputPipe& pipe) {
    reactor_.watch(pipe.fd.get(), EPOLLIN, [this, &pipe](std::uint32_t) { read_once(pipe); });
}

bool Stage::read_once(OutputPipe& pipe) {
    if (!pipe.fd) return false;
    auto& buffer = shared_buffer();
    const ssize_t count = read_some(pipe.fd.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (count <= 0) {
        close(pipe);
        if (exited_ && !ended_ && !pipes_[0].fd && !pipes_[1].fd) finish();
        return false;
    }
    if (!ended_) take_output(pipe.stream, {buffer.data(), static_cast<std::size_t>(count)});
    return true;
}

void Stage::take_output(base::OutputStream stream, std::string_view bytes) {
    if (hidden_) {
        report_.output.append(bytes);
        if (report_.output.size() > 2 * kHiddenOutputBytes) {
            report_.output.erase(0, report_.output.size() - kHiddenOutputBytes);
        }
        return;
    }
    const std::size_t taken = budget_.take(bytes.size());
    if (taken > 0) log_.append(RecordType::kOutput, stream, number_, bytes.substr(0, taken));
}

void Stage::close(OutputPipe& pipe) {
    if (!pipe.fd) return;
    reactor_.forget(pipe.fd.get());
    pipe.fd.reset();
}

void Stage::stop(std::int64_t grace_ms, const std::string& reason) {
    if (!is_running()) return;
    if (report_.reason == "exit") report_.reason = reason;
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);  // a stopped process does not see TERM
    reactor_.cancel(kill_timer_);
    kill_timer_ = reactor_.after(grace_ms, [this] {
        if (is_running()) ::kill(-pid_, SIGKILL);
    });
}

void Stage::on_exit(int wait_status) {
    exited_ = true;
    reactor_.cancel(deadline_timer_);
    reactor_.cancel(kill_timer_);
    if (WIFSIGNALED(wait_status)) {
        report_.signal = WTERMSIG(wait_status);
        report_.code = 128 + report_.signal;
    } else {
        report_.code = WEXITSTATUS(wait_status);
    }
    // A stage that was told to stop leaves no process of its group behind.
    if (kill_group_ || report_.reason != "exit") ::kill(-pid_, SIGKILL);
    drain();
}

void Stage::read_pipes() {
    // All that the shell has written is in the pipes. The limit is for a child that goes on
    // writing.
    for (auto& pipe : pipes_) {
        for (std::size_t read = 0; read < kMaxPipeBytes && !log_.blocked();
             read += kMaxOutputBytes) {
            if (ended_ || !read_once(pipe)) break;
        }
    }
}

void Stage::drain() {
    read_pipes();
    if (ended_) return;
    if (!pipes_[0].fd && !pipes_[1].fd) return finish();
    drain_timer_ = reactor_.after(drain_ms_, [this] { on_drain_limit(); });
}

void Stage::on_drain_limit() {
    read_pipes();  // output may have waited in them while the log was blocked
    if (!log_.blocked()) return finish();
    drain_timer_ = reactor_.after(drain_ms_, [this] { on_drain_limit(); });
}

void Stage::finish() {
    if (ended_) return;
    ended_ = true;
    reactor_.cancel(drain_timer_);
    if (report_.output.size() > kHiddenOutputBytes) {
        report_.output.erase(0, report_.output.size() - kHiddenOutputBytes);
    }
    const std::string json = exited_json(report_);
    report_.output = std::string();
    log_.append(RecordType::kExited, base::OutputStream::kNone, number_, json);
    on_end_(json);
}

void Stage::set_paused(bool paused) {
    for (auto& pipe : pipes_) {
        if (!pipe.fd) continue;
        // epoll reports the end of a pipe whatever the events are, so the pipe is taken out.
        reactor_.forget(pipe.fd.get());
        if (!paused) watch(pipe);
    }
}

}  // namespace executors::helper
