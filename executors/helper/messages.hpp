#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "executors/helper/protocol.hpp"

/// The client's commands as values, and the JSON that the supervisor writes (protocol.hpp says what
/// they mean). Pure.
namespace executors::helper {

struct Hello {
    int version = 0;
    std::uint64_t from = 0;
};
struct RunStage {
    std::uint16_t stage = 0;
    std::string script;
    std::vector<std::string> shells;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string cwd;
    std::string user;
    std::int64_t deadline_ms = 0;
    std::int64_t grace_ms = kDefaultGraceMs;
    std::int64_t drain_ms = kDefaultDrainMs;
    bool hidden = false;
    bool kill_group = false;
    bool login_once = false;
    bool report = false;
};
struct StopStage {
    std::uint16_t stage = 0;
    std::int64_t grace_ms = kDefaultGraceMs;
};
struct LimitOutput {
    std::uint64_t max_output_bytes = 0;
};
struct WaitEngine {
    std::string id;
    std::string socket;
    std::int64_t timeout_ms = 60'000;
    std::string log;
    /// An accepted connection is enough; without it the engine must answer.
    bool listening = false;
};
struct FileCommand {
    enum class Kind { kMkdir, kRemove, kPutFile, kPutTar };
    Kind kind = Kind::kMkdir;
    std::string id;
    std::string path;
    /// 0: 0755 for directories, 0644 for files.
    unsigned mode = 0;
    /// The user who does it; "": the supervisor's own.
    std::string user;
    /// kPutFile: how many cores may unpack the archive while it comes (receive_archive.hpp).
    unsigned unpack = 0;
    [[nodiscard]] bool has_upload() const {
        return kind == Kind::kPutFile || kind == Kind::kPutTar;
    }
};
struct ReadFile {
    int version = 0;
    std::string path;
    /// The user who opens the file; "": the supervisor's own.
    std::string user;
    std::uint64_t offset = 0;  ///< where reading begins
};
struct OpenTerminal {
    int version = 0;
    std::vector<std::string> shells;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string cwd;
    std::string user;
    unsigned rows = 24;
    unsigned columns = 80;
};
struct Dial {
    int version = 0;
    std::string host;
    unsigned port = 0;
};
struct AbortUpload {};
struct Shutdown {
    std::int64_t grace_ms = kDefaultShutdownGraceMs;
};

using Command = std::variant<Hello, RunStage, StopStage, LimitOutput, WaitEngine, FileCommand,
                             ReadFile, OpenTerminal, Dial, AbortUpload, Shutdown>;

/// Throws Failure for a frame that is no command. Its message does not quote the frame, which may
/// hold secrets.
Command parse_command(std::string_view json);

/// The texts of the records that the supervisor writes. Strings may hold any bytes; what is not
/// UTF-8 is replaced.
std::string started_json(int pid, const std::string& shell);
struct ExitReport {
    int code = 0;
    int signal = 0;
    std::string reason;
    std::string message;
    std::string output;
    std::string report;
};
std::string exited_json(const ExitReport& report);
std::string answer_json(const std::string& id, const std::string& error);
/// Adds the id to the JSON object that a worker has returned.
std::string answer_json_from_worker(const std::string& id, const std::string& result);
std::string event_json(std::string_view event, std::string_view key, std::int64_t value);
/// The answer before a file's bytes.
std::string file_json(std::uint64_t size, std::uint64_t offset);
/// The answer before the bytes of a terminal or of another connection.
std::string opened_json();
/// The id of an answer; "" for an event.
std::string id_of_notice(const std::string& json);

}  // namespace executors::helper
