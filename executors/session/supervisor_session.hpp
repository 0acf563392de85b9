#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task_group.hpp"
#include "executors/session/record_reader.hpp"
#include "executors/session/remote_file.hpp"
#include "executors/session/stage_command.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// Where a job's output goes. Calls come from pump(), in the log's order, and must not wait.
class EventSink {
  public:
    virtual ~EventSink() = default;
    /// `bytes` are valid during the call only; at most helper::kMaxOutputBytes. `time_us` is UTC.
    virtual void on_output(std::uint16_t stage, helper::Stream stream, std::uint64_t time_us,
                           std::string_view bytes) = 0;
    /// Everything before `offset` was delivered: a session that begins there misses nothing and
    /// repeats nothing. After every batch; whoever waits for a stage's end is woken later than this
    /// call.
    virtual void on_offset(std::uint64_t offset) = 0;
    /// Output beyond limit_output() is not delivered from here on.
    virtual void on_output_limit(std::uint64_t limit_bytes) { static_cast<void>(limit_bytes); }
};

/// The daemon's conversation with a job's supervisor (executors/helper/protocol.hpp).
///
/// Life: pump() is spawned once, in a group of the owner's, and ends after close(), after a
/// shutdown that was answered, on cancellation, or when the supervisor stays unreachable. The
/// session outlives every call. `sink` outlives pump(). Strand: the I/O thread. Connection: pump()
/// connects, and connects again from the last offset when the connection is lost; calls in progress
/// do not notice. Only an upload that was under way fails, with kUnavailable. Failures of all
/// calls: kCancelled (the call was cancelled; what it asked for goes on in the environment),
/// kUnavailable (nobody could be reached for `give_up`, or close() came), kNotFound (the connector
/// says that the environment is gone), kIo (the supervisor could not do it; it says why).
class SupervisorSession {
  public:
    using Connector =
        std::function<base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>>()>;

    SupervisorSession(const boost::asio::any_io_executor& executor, Connector connector,
                      EventSink& sink, std::uint64_t from_offset,
                      std::chrono::milliseconds give_up = std::chrono::seconds(60));
    ~SupervisorSession();

    base::Task<void> pump();
    /// Ends the connection and with it pump(); the job's environment goes on as it is.
    /// Whether the supervisor has ever said something. Until then a stop of the job cannot reach it
    /// either.
    [[nodiscard]] bool was_reached() const { return ever_heard_; }
    void close();

    /// Starts a stage and waits for its end. A stage that was started before (by a daemon that
    /// died) is only waited for, also when it has ended. A script that fails is a StageExit, not an
    /// error.
    base::Task<base::Result<StageExit>> run_stage(StageCommand command);
    /// The end of a stage that run_stage() was called for.
    base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage);
    /// TERM to the stage's processes, KILL after `grace`. Its end comes through
    /// run_stage()/wait_exit().
    void request_stop(std::uint16_t stage, std::chrono::milliseconds grace);
    /// After so many bytes of output (all stages together, from the first on) the rest is dropped.
    void limit_output(std::uint64_t max_bytes);

    /// Waits until the engine behind a unix socket of the environment accepts connections (whoever
    /// then asks is answered when it is ready), or answers. kTimeout with what was seen last, and
    /// the end of `log` (a file there, "" for none), when it does not within `limit`.
    enum class EngineState { kListening, kAnswering };
    base::Task<base::Result<void>> wait_engine(std::string socket, EngineState state,
                                               std::chrono::milliseconds limit, std::string log);

    /// File work in the environment. `mode` 0 is the default of the kind, `user` "" whom the
    /// supervisor runs as, else who does it, as in StageCommand::user.
    base::Task<base::Result<void>> make_directory(std::string path, unsigned mode = 0,
                                                  std::string user = {});
    base::Task<base::Result<void>> remove(std::string path, std::string user = {});
    base::Task<base::Result<void>> put_file(std::string path, std::string content,
                                            unsigned mode = 0, std::string user = {});
    base::Task<base::Result<void>> put_file(std::string path, protocol::http::BodySource source,
                                            unsigned mode, std::string user);
    /// A file's bytes, over a connection of its own.
    base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(std::string path,
                                                                    std::string user);
    /// Unpacks a tar stream below the directory `destination`, which must exist. Uploads wait for
    /// each other. When the call fails or is cancelled, a part may have been unpacked.
    base::Task<base::Result<void>> put_tar(std::string destination,
                                           protocol::http::BodySource source,
                                           std::string user = {});

    /// Ends every process of the job and the supervisor itself. Returns when all of them are gone.
    base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace);

    [[nodiscard]] std::uint64_t offset() const { return offset_; }

  private:
    using Clock = std::chrono::steady_clock;
    using Stream = protocol::http::ByteStream;

    /// What must reach the supervisor: sent again on every connection until `key` is settled.
    struct Pending {
        std::string key;
        std::shared_ptr<const std::string> frame;
    };
    struct Upload {
        std::string id;
        bool lost = false;
    };
    /// Frees the place for the next upload, and gives the open one up when it was not finished.
    class UploadTurn;

    // the connection
    base::Task<base::Result<void>> converse(std::shared_ptr<Stream> stream);
    base::Task<void> write_out(std::shared_ptr<Stream> stream, std::uint64_t generation);
    base::Task<base::Result<void>> read_in(std::shared_ptr<Stream> stream);
    void begin_connection(std::shared_ptr<Stream> stream);
    void end_connection();
    void fail(base::Error error);
    [[nodiscard]] bool is_over() const { return failure_.has_value() || ended_; }

    // records
    base::Result<void> take_records();
    void take_record(const RecordReader::Record& record);
    void take_exit(std::uint16_t stage, std::string_view json);
    void take_notice(std::string_view json);

    // commands
    void send(std::string key, std::string frame);
    void settle(std::string_view key);
    void enqueue(std::shared_ptr<const std::string> frame);
    std::string next_id();
    base::Task<base::Result<Notice>> ask(std::string id, std::string frame);
    base::Task<base::Result<Notice>> wait_answer(std::string id);
    base::Task<base::Result<void>> file_command(std::string_view op, std::string path,
                                                unsigned mode, std::string user);
    base::Task<base::Result<void>> upload(std::string id, std::string frame,
                                          protocol::http::BodySource source);
    base::Task<base::Result<void>> send_body(protocol::http::BodySource& source);
    base::Task<base::Result<void>> send_chunk(std::string_view chunk);
    base::Task<base::Result<void>> wait_change();

    boost::asio::any_io_executor executor_;
    Connector connector_;
    EventSink& sink_;
    const std::chrono::milliseconds give_up_;
    const std::string id_prefix_;
    std::uint64_t next_id_ = 1;

    RecordReader reader_;
    std::uint64_t offset_;
    std::uint64_t connection_offset_ = 0;  ///< where this connection began
    std::shared_ptr<Stream> stream_;
    std::uint64_t generation_ = 0;
    bool heard_ = false;  ///< this connection has delivered something
    bool ever_heard_ = false;
    int garbled_ = 0;  ///< connections in a row that began with something else than a record

    std::list<Pending> pending_;
    std::deque<std::shared_ptr<const std::string>> outbox_;
    std::map<std::uint16_t, StageExit> exits_;
    std::map<std::string, std::optional<Notice>> answers_;  ///< the ids that somebody waits for
    std::shared_ptr<Upload> upload_;
    std::optional<base::Error> failure_;
    bool shutdown_requested_ = false;
    bool ended_ = false;

    base::Notifier changed_;  ///< an exit, an answer, a failure, room in the outbox
    base::Notifier outbox_changed_;
    base::TaskGroup writers_;
};

}  // namespace executors::session
