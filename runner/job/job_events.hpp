#pragma once

#include "executors/session/session.hpp"
#include "runner/job/checkpointer.hpp"
#include "runner/job/job_channel.hpp"

namespace runner::job {

/// Writes the output that the supervisor sends to the job's log, and the offset of the last event
/// to the job's checkpoint.
///
/// Life: `channel` and `checkpoints` outlive it. Strand: the I/O thread.
class JobEvents final : public executors::session::EventSink {
  public:
    JobEvents(JobChannel& channel, Checkpointer& checkpoints)
        : channel_(channel), checkpoints_(checkpoints) {}

    void on_output(std::uint16_t, base::OutputStream stream, std::uint64_t time_us,
                   std::string_view bytes) override {
        channel_.output(stream, time_us, bytes);
    }
    void on_offset(std::uint64_t offset) override {
        checkpoints_.state().events_offset = offset;
        checkpoints_.state().takeovers = 0;
        checkpoints_.request();
    }
    void on_output_limit(std::uint64_t) override { channel_.output_was_cut(); }

  private:
    JobChannel& channel_;
    Checkpointer& checkpoints_;
};

}  // namespace runner::job
