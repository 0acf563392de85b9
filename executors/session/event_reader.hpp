#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/command_outbox.hpp"
#include "executors/session/record_reader.hpp"
#include "executors/session/replies.hpp"
#include "executors/session/session.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// Reads a job's event log, over one connection after another, and hands each record on: output to
/// the sink, ends and answers to the replies; a command that a record answers is settled.
///
/// All references outlive it. Strand: the I/O thread; one read_from() at a time.
class EventReader {
  public:
    using Stream = protocol::http::ByteStream;

    EventReader(EventSink& sink, SessionState& state, Replies& replies, CommandOutbox& outbox,
                std::uint64_t from_offset)
        : sink_(sink), state_(state), replies_(replies), outbox_(outbox), offset_(from_offset) {}

    /// Reads a new connection, which begins at offset(), until the conversation is over. Fails with
    /// kUnavailable when the supervisor hangs up, with kProtocol when the bytes are no records, and
    /// as the stream does.
    base::Task<base::Result<void>> read_from(Stream& stream);

    /// Tells the sink that a connection was lost.
    void lost(const base::Error& why) { sink_.on_connection_lost(why); }
    /// Where the next connection begins, in bytes of the log.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// Of the last connection: whether any bytes came, and whether they were a whole record.
    [[nodiscard]] bool has_delivered() const { return delivered_; }
    [[nodiscard]] bool has_delivered_record() const { return reader_.consumed() > 0; }
    /// Whether any connection has delivered bytes.
    [[nodiscard]] bool was_reached() const { return reached_; }

  private:
    base::Task<void> wait_for_room();
    base::Result<void> take_records();
    void take_record(const RecordReader::Record& record);
    void take_exit(std::uint16_t stage, std::string_view json);
    void take_notice(std::string_view json);

    EventSink& sink_;
    SessionState& state_;
    Replies& replies_;
    CommandOutbox& outbox_;
    RecordReader reader_;
    std::uint64_t offset_;
    bool delivered_ = false;
    bool reached_ = false;
};

}  // namespace executors::session
