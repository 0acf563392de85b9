#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "executors/helper/event_log.hpp"
#include "executors/helper/messages.hpp"
#include "executors/helper/reactor.hpp"
#include "executors/helper/stage_output.hpp"

namespace executors::helper {

/// One running script: its process group, its deadline, its end. StageOutput has its output.
///
/// Life: made by the supervisor, then start(); on_exit() when its shell was reaped; has_ended()
/// when the kExited record is written; is_gone() when no process holds its pipes any more.
class Stage {
  public:
    /// `on_end` is called once, with the text of the kExited record. All references outlive the
    /// stage.
    Stage(Reactor& reactor, EventLog& log, OutputBudget& budget, const RunStage& run,
          std::function<void(const std::string&)> on_end);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    /// `cgroup_procs` as for launch_stage(). A stage that cannot be started ends at once, with the
    /// reason "start_failed".
    void start(const RunStage& run, int cgroup_procs);
    /// TERM to the process group, KILL after `grace_ms`. The exit record has the first `reason`.
    void stop(std::int64_t grace_ms, const std::string& reason);
    void on_exit(int wait_status);
    /// Writes the exit record now, also when other processes still hold the pipes.
    void finish();
    void set_paused(bool paused) { output_.set_paused(paused); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::uint16_t number() const { return number_; }
    [[nodiscard]] bool is_running() const { return pid_ > 0 && !exited_; }
    [[nodiscard]] bool has_ended() const { return ended_; }
    [[nodiscard]] bool is_gone() const { return ended_ && output_.is_closed(); }

  private:
    void on_output_closed();
    void drain();
    void on_drain_limit();

    Reactor& reactor_;
    EventLog& log_;
    const std::uint16_t number_;
    const std::int64_t grace_ms_;
    const std::int64_t drain_ms_;
    const bool kill_group_;
    StageOutput output_;
    pid_t pid_ = -1;
    bool exited_ = false;
    bool ended_ = false;
    ExitReport report_;
    UniqueFd report_file_;
    std::function<void(const std::string&)> on_end_;
    Reactor::TimerId deadline_timer_ = 0;
    Reactor::TimerId kill_timer_ = 0;
    Reactor::TimerId drain_timer_ = 0;
};

}  // namespace executors::helper
