#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "executors/session/command_outbox.hpp"
#include "executors/session/event_reader.hpp"
#include "executors/session/replies.hpp"
#include "executors/session/session.hpp"
#include "executors/session/session_state.hpp"
#include "executors/session/supervisor_link.hpp"
#include "executors/session/uploader.hpp"

namespace executors::session {

/// The Session over a connection to a job's supervisor (executors/helper/protocol.hpp). pump()
/// connects, and connects again from the last offset when the connection is lost; calls in progress
/// do not notice. Only an upload that was under way fails, with kUnavailable.
///
/// Each call here makes a command and waits for its answer. The parts do the rest: SupervisorLink
/// keeps a connection, CommandOutbox writes to it, EventReader reads from it, Replies keeps the
/// answers, Uploader sends content.
///
/// Life: that of Session. `sink` outlives pump().
class SupervisorSession final : public Session {
  public:
    using Connector = SupervisorLink::Connector;

    /// `from_offset`: the bytes of the event log that the sink has already (EventSink::on_offset).
    /// `give_up`: how long the supervisor may stay unreachable.
    SupervisorSession(const boost::asio::any_io_executor& executor, Connector connector,
                      EventSink& sink, std::uint64_t from_offset,
                      std::chrono::milliseconds give_up = std::chrono::seconds(60));

    base::Task<void> pump() override { return link_.run(); }
    [[nodiscard]] bool was_reached() const override { return events_.was_reached(); }
    void close() override { link_.close(); }

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
    base::Task<base::Result<void>> put_file(FileTarget target,
                                            protocol::http::BodySource source) override;
    base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(std::string path,
                                                                    std::string user,
                                                                    std::uint64_t offset) override;
    base::Task<base::Result<void>> put_tar(std::string destination,
                                           protocol::http::BodySource source,
                                           std::string user) override;
    base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace) override;

    [[nodiscard]] std::uint64_t offset() const { return events_.offset(); }

  private:
    std::string next_id();
    base::Task<base::Result<Notice>> ask(std::string id, std::string frame);
    base::Task<base::Result<void>> file_command(std::string_view op, std::string path,
                                                unsigned mode, std::string user);

    /// Ids are unique among all sessions of the environment: the supervisor carries out each once.
    const std::string id_prefix_;
    std::uint64_t next_id_ = 1;
    SessionState state_;
    CommandOutbox outbox_;
    Replies replies_;
    EventReader events_;
    Uploader uploader_;
    SupervisorLink link_;
};

}  // namespace executors::session
