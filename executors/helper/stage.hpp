#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "executors/helper/event_log.hpp"
#include "executors/helper/launch.hpp"
#include "executors/helper/messages.hpp"
#include "executors/helper/reactor.hpp"

namespace executors::helper {

/// How many bytes of output the job may still write to the log. All stages share it.
class OutputBudget {
  public:
    explicit OutputBudget(EventLog& log) : log_(log) {}
    void set_limit(std::uint64_t bytes);
    /// Output that an earlier supervisor has written to the log.
    void count_old(std::uint64_t bytes) { used_ += bytes; }
    /// How many of `wanted` bytes may be written. The first time that it is not all of them, a
    /// record in the log says so.
    std::size_t take(std::size_t wanted);

  private:
    EventLog& log_;
    std::uint64_t limit_ = UINT64_MAX;
    std::uint64_t used_ = 0;
    bool said_ = false;
};

/// One running script: its process group, its output, its deadline, its end.
///
/// Life: made by the supervisor, then start(); on_exit() when its shell was reaped; has_ended()
/// when the kExited record is written; is_gone() when no process holds its pipes any more. After
/// the end the pipes are still read and the bytes dropped, so that background processes neither
/// block nor die of a closed pipe.
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
    /// Stops reading while the log cannot be written (a full disk): output waits in the pipes.
    void set_paused(bool paused);
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::uint16_t number() const { return number_; }
    [[nodiscard]] bool is_running() const { return pid_ > 0 && !exited_; }
    [[nodiscard]] bool has_ended() const { return ended_; }
    [[nodiscard]] bool is_gone() const { return ended_ && !pipes_[0].fd && !pipes_[1].fd; }

  private:
    struct OutputPipe {
        UniqueFd fd;
        base::OutputStream stream = base::OutputStream::kNone;
    };
    void watch(OutputPipe& pipe);
    void on_drain_limit();
    /// One read; false when nothing is there now or ever.
    bool read_once(OutputPipe& pipe);
    void take_output(base::OutputStream stream, std::string_view bytes);
    void close(OutputPipe& pipe);
    void read_pipes();
    void drain();

    Reactor& reactor_;
    EventLog& log_;
    OutputBudget& budget_;
    const std::uint16_t number_;
    const std::int64_t grace_ms_;
    const std::int64_t drain_ms_;
    const bool hidden_;
    const bool kill_group_;
    pid_t pid_ = -1;
    bool exited_ = false;
    bool ended_ = false;
    std::array<OutputPipe, 2> pipes_;
    ExitReport report_;
    std::function<void(const std::string&)> on_end_;
    Reactor::TimerId deadline_timer_ = 0;
    Reactor::TimerId kill_timer_ = 0;
    Reactor::TimerId drain_timer_ = 0;
};

}  // namespace executors::helper
