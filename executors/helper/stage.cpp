#include "executors/helper/stage.hpp"

#include <sys/wait.h>

#include <csignal>

#include "executors/helper/launch.hpp"
#include "executors/helper/stage_report.hpp"

namespace executors::helper {

Stage::Stage(Reactor& reactor, EventLog& log, OutputBudget& budget, const RunStage& run,
             std::function<void(const std::string&)> on_end)
    : reactor_(reactor),
      log_(log),
      number_(run.stage),
      grace_ms_(run.grace_ms),
      drain_ms_(run.drain_ms),
      kill_group_(run.kill_group),
      output_(reactor, log, budget, run.stage, run.hidden, [this] { on_output_closed(); }),
      on_end_(std::move(on_end)) {
    report_.reason = "exit";
}

Stage::~Stage() {
    for (const auto timer : {deadline_timer_, kill_timer_, drain_timer_}) reactor_.cancel(timer);
}

void Stage::start(const RunStage& run, int cgroup_procs) {
    Launched launched;
    try {
        launched = launch_stage(run, cgroup_procs);
    } catch (const Failure& failure) {
        log_.append(RecordType::kStarted, base::OutputStream::kNone, number_, started_json(0, ""));
        report_ = {127, 0, "start_failed", failure.what(), "", ""};
        return finish();
    }
    pid_ = launched.pid;
    report_file_ = std::move(launched.report);
    log_.append(RecordType::kStarted, base::OutputStream::kNone, number_,
                started_json(pid_, launched.shell));
    output_.open(std::move(launched.standard_output), std::move(launched.standard_error));
    if (run.deadline_ms > 0) {
        deadline_timer_ = reactor_.after(run.deadline_ms, [this] { stop(grace_ms_, "deadline"); });
    }
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

void Stage::on_output_closed() {
    if (exited_) finish();
}

void Stage::drain() {
    output_.read_available();
    if (ended_) return;
    if (output_.is_closed()) return finish();
    drain_timer_ = reactor_.after(drain_ms_, [this] { on_drain_limit(); });
}

void Stage::on_drain_limit() {
    output_.read_available();  // output may have waited in the pipes while the log was blocked
    if (!log_.blocked()) return finish();
    drain_timer_ = reactor_.after(drain_ms_, [this] { on_drain_limit(); });
}

void Stage::finish() {
    if (ended_) return;
    ended_ = true;
    reactor_.cancel(drain_timer_);
    output_.discard();
    report_.output = output_.take_hidden_text();
    report_.report = read_report(report_file_.get());
    const std::string json = exited_json(report_);
    report_.output = std::string();
    log_.append(RecordType::kExited, base::OutputStream::kNone, number_, json);
    on_end_(json);
}

}  // namespace executors::helper
