#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "executors/session/direct_stream.hpp"
#include "executors/session/file_target.hpp"
#include "executors/session/stage_command.hpp"

/// The frames that the daemon sends to a job's supervisor, and the JSON of its answers
/// (executors/helper/protocol.hpp). Pure.
namespace executors::session {

/// `from`: the offset in the event log at which the connection begins.
std::string hello_frame(std::uint64_t from);
std::string run_frame(const StageCommand& command);
std::string stop_frame(std::uint16_t stage, std::chrono::milliseconds grace);
std::string limit_frame(std::uint64_t max_output_bytes);
std::string wait_engine_frame(const std::string& id, const std::string& socket,
                              std::chrono::milliseconds limit, const std::string& log,
                              bool listening);
std::string put_file_frame(const std::string& id, const FileTarget& target);
/// `op` is mkdir, remove or put_tar. `mode` 0 and `user` "" stand for the defaults.
std::string file_frame(std::string_view op, const std::string& id, const std::string& path,
                       unsigned mode, const std::string& user);
/// Bytes of an upload; none: the upload's end.
std::string data_frame(std::string_view bytes);
std::string read_frame(const std::string& path, const std::string& user, std::uint64_t offset);
std::string terminal_frame(const TerminalCommand& command);
std::string dial_frame(const std::string& host, std::uint16_t port);
std::string abort_upload_frame();
std::string shutdown_frame(std::chrono::milliseconds grace);

/// The text of a kExited record. Malformed text gives kStartFailed with a message.
StageExit parse_exit(std::string_view json);

/// The text of a kNotice record: either an answer, with an id, or an event.
struct Notice {
    std::string id;
    bool ok = false;
    std::string error;
    std::string event;
    /// An event's limit or left, an answer's entries.
    std::int64_t number = 0;
    std::int64_t waited_ms = 0;
    std::string log_tail;
};
/// Malformed text gives a Notice without an id and without an event.
Notice parse_notice(std::string_view json);

/// The frame before a file's bytes, or before those of a direct stream.
struct FileAnswer {
    std::uint64_t size = 0;    ///< of the whole file
    std::uint64_t offset = 0;  ///< of the first byte that comes
};
/// Fails with kIo and the supervisor's sentence when the file cannot be read.
base::Result<FileAnswer> parse_file_answer(std::string_view json);

}  // namespace executors::session
