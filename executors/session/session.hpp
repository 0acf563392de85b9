#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/output_stream.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/file_target.hpp"
#include "executors/session/remote_file.hpp"
#include "executors/session/stage_command.hpp"
#include "protocol/http/message.hpp"

namespace executors::session {

/// Receives a job's output. Calls come from pump(), in the order of the event log, and must not
/// wait.
class EventSink {
  public:
    virtual ~EventSink() = default;
    /// `bytes` are valid during the call only; at most helper::kMaxOutputBytes. `time_us` is UTC.
    virtual void on_output(std::uint16_t stage, base::OutputStream stream, std::uint64_t time_us,
                           std::string_view bytes) = 0;
    /// All records before `offset` (bytes of the event log) were delivered: a session that begins
    /// there misses nothing and repeats nothing. Comes after every batch of records, and before
    /// run_stage() returns for a stage that ended in the batch.
    virtual void on_offset(std::uint64_t offset) = 0;
    /// False: nothing more is delivered for now, and the question comes again after a short time,
    /// for ten minutes at most.
    virtual bool has_room() { return true; }
    /// The output has reached the limit of limit_output(); the rest is not delivered.
    virtual void on_output_limit(std::uint64_t limit_bytes) { static_cast<void>(limit_bytes); }
    /// The supervisor has ended, and `count` processes of the job could not be ended.
    virtual void on_processes_left(std::int64_t count) { static_cast<void>(count); }
    /// The connection to the supervisor was lost, or could not be made; it is tried again.
    virtual void on_connection_lost(const base::Error& why) { static_cast<void>(why); }
};

/// The requests of a job to its supervisor. SupervisorSession is the real implementation.
///
/// Life: pump() is spawned once, in a group of the owner. It ends after close(), after a shutdown
/// that was answered, when it is cancelled, or when the supervisor stays unreachable. The session
/// outlives every call.
/// Strand: the I/O thread.
/// Failures of all calls: kCancelled (the call was cancelled; the environment carries on what it
/// asked for), kUnavailable (the supervisor was unreachable for too long, or close() was called),
/// kNotFound (the environment is gone), kIo (the supervisor could not do it; the message is its
/// own).
class Session {
  public:
    /// Of an engine behind a unix socket: it accepts connections (requests are answered when it is
    /// ready), or it answers requests.
    enum class EngineState { kListening, kAnswering };

    virtual ~Session() = default;

    virtual base::Task<void> pump() = 0;
    /// Whether the supervisor has sent anything. Before that, request_stop() cannot reach it
    /// either.
    [[nodiscard]] virtual bool was_reached() const = 0;
    /// Ends the connection, and with it pump(). The job's environment is left as it is.
    virtual void close() = 0;

    /// Starts a stage and waits for its end. A stage that was started before (by a daemon that
    /// died) is not started again; the call waits for its end or returns it. A script that fails is
    /// a StageExit, not an error. kInvalidInput when the command is larger than a supervisor takes.
    virtual base::Task<base::Result<StageExit>> run_stage(StageCommand command) = 0;
    /// Waits for the end of a stage for which run_stage() was called.
    virtual base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage) = 0;
    /// TERM to the stage's processes, KILL after `grace`. run_stage() or wait_exit() return its
    /// end.
    virtual void request_stop(std::uint16_t stage, std::chrono::milliseconds grace) = 0;
    /// Limits the output of all stages together, from the first byte of the job on. What is over
    /// `max_bytes` is dropped.
    virtual void limit_output(std::uint64_t max_bytes) = 0;

    /// Waits until the engine behind a unix socket of the environment is in `state`. Fails with
    /// kTimeout after `limit`; the message has the last error and the end of `log`, a file in the
    /// environment ("": none).
    virtual base::Task<base::Result<void>> wait_engine(std::string socket, EngineState state,
                                                       std::chrono::milliseconds limit,
                                                       std::string log) = 0;

    /// File operations in the environment. `mode` 0 is the default (0755 for directories, 0644 for
    /// files). `user` does it, written as StageCommand::user; "": the supervisor's own user.
    virtual base::Task<base::Result<void>> make_directory(std::string path, unsigned mode,
                                                          std::string user) = 0;
    virtual base::Task<base::Result<void>> remove(std::string path, std::string user) = 0;
    virtual base::Task<base::Result<void>> put_file(std::string path, std::string content,
                                                    unsigned mode, std::string user) = 0;
    virtual base::Task<base::Result<void>> put_file(FileTarget target,
                                                    protocol::http::BodySource source) = 0;
    /// Opens a file for reading from `offset` on, over a connection of its own. kIo for a file that
    /// is shorter.
    virtual base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(
        std::string path, std::string user, std::uint64_t offset) = 0;
    /// Unpacks a tar stream below the directory `destination`, which must exist. One upload
    /// (put_file(), put_tar()) is sent at a time; the others wait. When the call fails or is
    /// cancelled, a part may have been unpacked.
    virtual base::Task<base::Result<void>> put_tar(std::string destination,
                                                   protocol::http::BodySource source,
                                                   std::string user) = 0;

    /// Ends every process of the job (TERM, KILL after `grace`) and the supervisor itself. Returns
    /// when all of them have ended.
    virtual base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace) = 0;
};

}  // namespace executors::session
