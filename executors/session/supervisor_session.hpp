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
#include "executors/session/session.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// The conversation over a connection (executors/helper/protocol.hpp). pump() connects, and
/// connects again from the last offset when the connection is lost; calls in progress do not
/// notice. Only an upload that was under way fails, with kUnavailable.
///
/// Life: that of Session. `sink` outlives pump().
class SupervisorSession final : public Session {
  public:
    using Connector =
        std::function<base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>>()>;

    SupervisorSession(const boost::asio::any_io_executor& executor, Connector connector,
                      EventSink& sink, std::uint64_t from_offset,
                      std::chrono::milliseconds give_up = std::chrono::seconds(60));
    ~SupervisorSession() override;

    base::Task<void> pump() override;
    [[nodiscard]] bool was_reached() const override { return ever_heard_; }
    void close() override;

    base::Task<base::Result<StageExit>> run_stage(StageCommand command) override;
    base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage) override;
    void request_stop(std::uint16_t stage, std::chrono::milliseconds grace) override;
    void limit_output(std::uint64_t max_bytes) override;
    base::Task<base::Result<void>> wait_engine(std::string socket, EngineState state,
                                               std::chrono::milliseconds limit,
                                               std::string log) override;
    base::Task<base::Result<void>> make_directory(std::string path, unsigned mode,
                                                  std::string user) override;
    base::Task<base::Result<void>> remove(std::string path, std::string user) override;
    base::Task<base::Result<void>> put_file(std::string path, std::string content, unsigned mode,
                                            std::string user) override;
    base::Task<base::Result<void>> put_file(std::string path, protocol::http::BodySource source,
                                            unsigned mode, std::string user) override;
    base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(std::string path,
                                                                    std::string user) override;
    base::Task<base::Result<void>> put_tar(std::string destination,
                                           protocol::http::BodySource source,
                                           std::string user) override;
    base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace) override;

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
