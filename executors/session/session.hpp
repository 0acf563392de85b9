#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/output_stream.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/remote_file.hpp"
#include "executors/session/stage_command.hpp"
#include "protocol/http/message.hpp"

namespace executors::session {

/// Where a job's output goes. Calls come from pump(), in the log's order, and must not wait.
class EventSink {
  public:
    virtual ~EventSink() = default;
    /// `bytes` are valid during the call only; at most helper::kMaxOutputBytes. `time_us` is UTC.
    virtual void on_output(std::uint16_t stage, base::OutputStream stream, std::uint64_t time_us,
                           std::string_view bytes) = 0;
    /// Everything before `offset` was delivered: a session that begins there misses nothing and
    /// repeats nothing. After every batch; whoever waits for a stage's end is woken later than this
    /// call.
    virtual void on_offset(std::uint64_t offset) = 0;
    /// Output beyond limit_output() is not delivered from here on.
    virtual void on_output_limit(std::uint64_t limit_bytes) { static_cast<void>(limit_bytes); }
};

/// What a job asks of its supervisor. SupervisorSession is the real one.
///
/// Life: pump() is spawned once, in a group of the owner's, and ends after close(), after a
/// shutdown that was answered, on cancellation, or when the supervisor stays unreachable. The
/// session outlives every call. Strand: the I/O thread. Failures of all calls: kCancelled (the call
/// was cancelled; what it asked for goes on in the environment), kUnavailable (nobody could be
/// reached for long enough, or close() came), kNotFound (the environment is gone), kIo (the
/// supervisor could not do it; it says why).
class Session {
  public:
    /// Of the engine behind a unix socket: it accepts connections (whoever asks then is answered
    /// when it is ready), or it answers.
    enum class EngineState { kListening, kAnswering };

    virtual ~Session() = default;

    virtual base::Task<void> pump() = 0;
    /// Whether the supervisor has ever said something. Until then a stop of the job cannot reach it
    /// either.
    [[nodiscard]] virtual bool was_reached() const = 0;
    /// Ends the connection and with it pump(); the job's environment goes on as it is.
    virtual void close() = 0;

    /// Starts a stage and waits for its end. A stage that was started before (by a daemon that
    /// died) is only waited for, also when it has ended. A script that fails is a StageExit, not an
    /// error.
    virtual base::Task<base::Result<StageExit>> run_stage(StageCommand command) = 0;
    /// The end of a stage that run_stage() was called for.
    virtual base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage) = 0;
    /// TERM to the stage's processes, KILL after `grace`. Its end comes through
    /// run_stage()/wait_exit().
    virtual void request_stop(std::uint16_t stage, std::chrono::milliseconds grace) = 0;
    /// After so many bytes of output (all stages together, from the first on) the rest is dropped.
    virtual void limit_output(std::uint64_t max_bytes) = 0;

    /// Waits for the engine behind a unix socket of the environment. kTimeout with what was seen
    /// last, and the end of `log` (a file there, "" for none), when it is not in `state` within
    /// `limit`.
    virtual base::Task<base::Result<void>> wait_engine(std::string socket, EngineState state,
                                                       std::chrono::milliseconds limit,
                                                       std::string log) = 0;

    /// File work in the environment. `mode` 0 is the default of the kind; `user` is who does it, as
    /// in StageCommand::user, "" for the user that the supervisor runs as.
    virtual base::Task<base::Result<void>> make_directory(std::string path, unsigned mode,
                                                          std::string user) = 0;
    virtual base::Task<base::Result<void>> remove(std::string path, std::string user) = 0;
    virtual base::Task<base::Result<void>> put_file(std::string path, std::string content,
                                                    unsigned mode, std::string user) = 0;
    virtual base::Task<base::Result<void>> put_file(std::string path,
                                                    protocol::http::BodySource source,
                                                    unsigned mode, std::string user) = 0;
    /// A file's bytes, over a connection of its own.
    virtual base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(std::string path,
                                                                            std::string user) = 0;
    /// Unpacks a tar stream below the directory `destination`, which must exist. Uploads wait for
    /// each other. When the call fails or is cancelled, a part may have been unpacked.
    virtual base::Task<base::Result<void>> put_tar(std::string destination,
                                                   protocol::http::BodySource source,
                                                   std::string user) = 0;

    /// Ends every process of the job and the supervisor itself. Returns when all of them are gone.
    virtual base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace) = 0;
};

}  // namespace executors::session
