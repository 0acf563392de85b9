#include "executors/helper/supervisor.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "executors/helper/engine_wait.hpp"
#include "executors/helper/file_work.hpp"
#include "executors/helper/reap.hpp"

namespace executors::helper {

namespace {

constexpr std::int64_t kDiskRetryMs = 200;
constexpr std::int64_t kFlushLimitMs = 2'000;
constexpr std::int64_t kKillLimitMs = 10'000;

sigset_t handled_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT}) ::sigaddset(&set, number);
    return set;
}

UniqueFd block_signals() {
    const sigset_t set = handled_signals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    for (const int number : {SIGPIPE, SIGHUP, SIGQUIT}) ::signal(number, SIG_IGN);
    UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) fail_errno("listen for signals");
    return signals;
}

}  // namespace

Supervisor::Supervisor(Doorway& doorway, const std::string& cgroup)
    : doorway_(doorway),
      signals_(block_signals()),
      log_(doorway.directory(),
           [this](const auto& header, const auto& text) { history_.take_record(header, text); }),
      budget_(log_),
      cgroup_(cgroup) {
    if (!cgroup_.path().empty()) doorway_.leave("cgroup", cgroup_.path());
    budget_.count_old(history_.output_bytes());
    report_lost_stages();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    doorway_.attach(reactor_, [this] { on_accept(); });
    reactor_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
    reactor_.set_after_round([this] { after_round(); });
}

int Supervisor::run() {
    reactor_.run();
    return 0;
}

void Supervisor::report_lost_stages() {
    for (const auto stage : history_.unfinished_stages()) {
        const ExitReport report{1,  0, "lost", "the job's supervisor died while the script ran",
                                "", ""};
        const std::string json = exited_json(report);
        history_.end_stage(stage, json);
        log_.append(RecordType::kExited, base::OutputStream::kNone, stage, json);
    }
}

void Supervisor::on_accept() {
    while (true) {
        UniqueFd socket(
            ::accept4(doorway_.listener(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) return;
        if (finished_) continue;
        auto handler = [this](const Command& command) { return handle(command); };
        connections_.push_back(std::make_unique<Connection>(
            reactor_, log_, std::move(socket), cgroup_.procs_fd(), std::move(handler)));
    }
}

void Supervisor::on_signal() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo != SIGCHLD) begin_shutdown(kDefaultShutdownGraceMs);
    }
    reap();
}

void Supervisor::reap() {
    while (true) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid < 0 && shutting_down_) finish_shutdown();  // no child is left
        if (pid <= 0) return;
        for (const auto& stage : stages_) {
            if (stage->is_running() && stage->pid() == pid) stage->on_exit(status);
        }
    }
}

void Supervisor::after_round() {
    if (log_.blocked() != paused_) watch_disk();
    for (const auto& connection : connections_) connection->pump();
    connections_.remove_if([](const auto& connection) { return !connection->is_open(); });
    stages_.remove_if([](const auto& stage) { return stage->is_gone(); });
    workers_.remove_if([](const auto& worker) { return worker->has_ended(); });
    if (!finished_) return;
    for (const auto& connection : connections_) {
        if (!connection->is_caught_up()) return;
    }
    reactor_.stop();
}

void Supervisor::watch_disk() {
    paused_ = log_.blocked();
    for (const auto& stage : stages_) stage->set_paused(paused_);
    if (!paused_) return;
    reactor_.after(kDiskRetryMs, [this] {
        log_.retry();
        if (log_.blocked()) watch_disk();
    });
}

std::shared_ptr<Worker> Supervisor::handle(const Command& command) {
    if (shutting_down_) return nullptr;
    if (const auto* run = std::get_if<RunStage>(&command)) run_stage(*run);
    if (const auto* stop = std::get_if<StopStage>(&command)) stop_stage(*stop);
    if (const auto* limit = std::get_if<LimitOutput>(&command))
        budget_.set_limit(limit->max_output_bytes);
    if (const auto* shutdown = std::get_if<Shutdown>(&command)) begin_shutdown(shutdown->grace_ms);
    if (const auto* wait = std::get_if<WaitEngine>(&command)) {
        start_worker(wait->id, false, [wait](int) { return wait_for_engine(*wait); });
    }
    if (const auto* file = std::get_if<FileCommand>(&command)) {
        auto work = [file](int input) { return do_file_command(*file, input); };
        auto worker = start_worker(file->id, file->has_upload(), work);
        return file->has_upload() ? worker : nullptr;
    }
    return nullptr;
}

void Supervisor::run_stage(const RunStage& run) {
    if (const std::string* exit = history_.find_exit(run.stage)) {
        // The client may have begun to read behind the first exit record.
        log_.append(RecordType::kExited, base::OutputStream::kNone, run.stage, *exit);
        return;
    }
    if (!history_.begin_stage(run.stage)) return;
    auto on_end = [this, number = run.stage](const std::string& json) {
        history_.end_stage(number, json);
        doorway_.restore();  // also where the directory cannot be watched
    };
    stages_.push_back(std::make_unique<Stage>(reactor_, log_, budget_, run, on_end));
    stages_.back()->start(login_.prepare(run), cgroup_.procs_fd());
}

void Supervisor::stop_stage(const StopStage& stop) {
    for (const auto& stage : stages_) {
        if (stage->number() == stop.stage) stage->stop(stop.grace_ms, "stopped");
    }
}

std::shared_ptr<Worker> Supervisor::start_worker(const std::string& id, bool has_input,
                                                 const std::function<std::string(int)>& work) {
    if (!history_.begin_command(id)) return nullptr;
    auto on_end = [this, id](const std::string& json) {
        log_.append(RecordType::kNotice, base::OutputStream::kNone, 0,
                    answer_json_from_worker(id, json));
    };
    try {
        workers_.push_back(std::make_shared<Worker>(reactor_, has_input, work, on_end));
        return workers_.back();
    } catch (const Failure& failure) {
        on_end(failure_json(failure.what()));
        return nullptr;
    }
}

void Supervisor::begin_shutdown(std::int64_t grace_ms) {
    if (shutting_down_) return;
    shutting_down_ = true;
    workers_.clear();
    for (const auto& stage : stages_) stage->stop(grace_ms, "stopped");
    for (const pid_t pid : find_descendants()) {
        ::kill(pid, SIGTERM);
        ::kill(pid, SIGCONT);
    }
    reactor_.after(grace_ms, [this] { finish_shutdown(); });
    reap();
}

void Supervisor::kill_everything() {
    const std::int64_t until = monotonic_ms() + kKillLimitMs;
    const sigset_t set = handled_signals();
    const timespec pause{0, 10'000'000};
    while (monotonic_ms() < until) {
        cgroup_.kill();
        const auto left = find_descendants();
        if (left.empty()) break;
        for (const pid_t pid : left) ::kill(pid, SIGKILL);
        ::sigtimedwait(&set, nullptr, &pause);
        reap();
    }
}

void Supervisor::finish_shutdown() {
    if (finished_) return;
    finished_ = true;
    kill_everything();
    reap();
    for (const auto& stage : stages_) stage->finish();
    const auto left = static_cast<std::int64_t>(find_descendants().size());
    log_.append(RecordType::kNotice, base::OutputStream::kNone, 0,
                event_json(kEventShutdown, "left", left));
    reactor_.after(kFlushLimitMs, [this] { reactor_.stop(); });
}

}  // namespace executors::helper
