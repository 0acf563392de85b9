#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/output_stream.hpp"
#include "executors/helper/event_log.hpp"
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

/// The output of one stage: reads the two pipes of its processes and writes to the event log, or
/// keeps the end of it for a hidden stage.
///
/// Life: open() once; discard() when the stage has ended; the destructor closes the pipes. All
/// references outlive it.
class StageOutput {
  public:
    /// `on_closed` is called when no process holds the pipes any more; not by the destructor.
    StageOutput(Reactor& reactor, EventLog& log, OutputBudget& budget, std::uint16_t stage,
                bool hidden, std::function<void()> on_closed);
    ~StageOutput();
    StageOutput(const StageOutput&) = delete;
    StageOutput& operator=(const StageOutput&) = delete;

    /// Takes the reading ends, which are non-blocking.
    void open(UniqueFd standard_output, UniqueFd standard_error);
    /// Reads what is in the pipes now; nothing while the log is blocked.
    void read_available();
    /// Stops reading while the log cannot be written (a full disk): output waits in the pipes.
    void set_paused(bool paused);
    /// From now on the pipes are read and the bytes dropped, so that background processes neither
    /// block nor die of a closed pipe.
    void discard() { discarding_ = true; }
    [[nodiscard]] bool is_closed() const { return !pipes_[0].fd && !pipes_[1].fd; }
    /// Of a hidden stage: the last kHiddenOutputBytes that it printed.
    std::string take_hidden_text();

  private:
    struct Source {
        UniqueFd fd;
        base::OutputStream stream = base::OutputStream::kNone;
    };
    void watch(Source& pipe);
    /// One read; false when nothing is there now or ever.
    bool read_once(Source& pipe);
    void take(base::OutputStream stream, std::string_view bytes);
    void close(Source& pipe);

    Reactor& reactor_;
    EventLog& log_;
    OutputBudget& budget_;
    const std::uint16_t stage_;
    const bool hidden_;
    std::function<void()> on_closed_;
    std::array<Source, 2> pipes_;
    std::string hidden_text_;
    bool discarding_ = false;
};

}  // namespace executors::helper
