#pragma once

#include "executors/session/session.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// Writes the output that the supervisor sends to the job's log, and the offset of the last event
/// to the job's checkpoint.
///
/// Life: the context outlives it. Strand: the I/O thread.
class JobEvents final : public executors::session::EventSink {
  public:
    explicit JobEvents(JobContext& context)
        : channel_(context.channel()),
          checkpoints_(context.checkpoints),
          daemon_log_(context.daemon_log) {}

    void on_output(std::uint16_t, base::OutputStream stream, std::uint64_t time_us,
                   std::string_view bytes) override {
        channel_.output(stream, time_us, bytes);
    }
    void on_offset(std::uint64_t offset) override {
        checkpoints_.state().events_offset = offset;
        checkpoints_.state().takeovers = 0;
        checkpoints_.request();
    }
    bool has_room() override { return channel_.has_room(); }
    void on_output_limit(std::uint64_t) override { channel_.output_was_cut(); }
    void on_processes_left(std::int64_t count) override {
        daemon_log_.warning("Processes of a job could not be ended", {{"count", count}});
    }
    void on_connection_lost(const base::Error& why) override {
        daemon_log_.debug("The connection to a job's supervisor was lost",
                          {{"error", why.message}});
    }

  private:
    JobChannel& channel_;
    Checkpointer& checkpoints_;
    const base::log::Scope& daemon_log_;
};

}  // namespace runner::job
