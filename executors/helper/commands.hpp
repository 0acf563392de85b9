#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "executors/helper/protocol.hpp"

/// The client's frames as values (protocol.hpp says what they mean). Pure.
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
    std::vector<std::string> unset;
    std::string cwd;
    std::string user;
    std::int64_t deadline_ms = 0;
    std::int64_t grace_ms = kDefaultGraceMs;
    std::int64_t drain_ms = kDefaultDrainMs;
    bool hidden = false;
    bool kill_group = false;
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
    bool listening = false;  ///< a connection that is accepted is enough
};
struct FileCommand {
    enum class Kind { kMkdir, kRemove, kPutFile, kPutTar };
    Kind kind = Kind::kMkdir;
    std::string id;
    std::string path;
    unsigned mode = 0;  ///< 0: 0755 for directories, 0644 for files
    std::string user;   ///< who does it; "": whom the supervisor runs as
    [[nodiscard]] bool has_upload() const {
        return kind == Kind::kPutFile || kind == Kind::kPutTar;
    }
};
struct ReadFile {
    int version = 0;
    std::string path;
    std::string user;  ///< who opens it; "": whom the supervisor runs as
};
struct AbortUpload {};
struct Shutdown {
    std::int64_t grace_ms = kDefaultShutdownGraceMs;
};

using Command = std::variant<Hello, RunStage, StopStage, LimitOutput, WaitEngine, FileCommand,
                             ReadFile, AbortUpload, Shutdown>;

/// Throws Failure that says what is wrong with the frame.
Command parse_command(std::string_view json);

/// The answers and events that the supervisor writes; `text` may be any bytes.
std::string started_json(int pid, const std::string& shell);
struct ExitReport {
    int code = 0;
    int signal = 0;
    std::string reason;
    std::string message;
    std::string output;
};
std::string exited_json(const ExitReport& report);
std::string answer_json(const std::string& id, const std::string& error);
/// `result` is what a worker printed: a JSON object to which the id is added.
std::string answer_json_from_worker(const std::string& id, const std::string& result);
std::string event_json(std::string_view event, std::string_view key, std::int64_t value);
/// The answer in front of a file's bytes.
std::string file_json(std::uint64_t size);
/// The id of an answer, "" for events.
std::string id_of_notice(const std::string& json);

}  // namespace executors::helper
