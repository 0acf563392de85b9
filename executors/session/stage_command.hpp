#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "executors/helper/protocol.hpp"

/// The values that the daemon and a job's supervisor exchange, and their JSON. Pure.
namespace executors::session {

/// A script to run. Everything in it may be secret: it goes over the connection and nowhere else.
struct StageCommand {
    std::uint16_t stage = 0;             ///< unique in the job; the same number is never run twice
    std::string script;                  ///< becomes the shell's standard input
    std::vector<std::string> shells;     ///< candidates in order; empty: those of default_shells()
    std::vector<std::string> arguments;  ///< for the shell: "-l"
    std::map<std::string, std::string> environment;  ///< set over the supervisor's own
    std::vector<std::string> unset;
    std::string cwd;   ///< "": the supervisor's own
    std::string user;  ///< "name", "uid", "name:group", "uid:gid"; "": the supervisor's own
    std::chrono::milliseconds deadline{0};  ///< 0: none; counted by the supervisor from the start
    std::chrono::milliseconds grace{helper::kDefaultGraceMs};  ///< TERM to KILL after the deadline
    /// How long after the shell's end the output of a process that it left behind is still taken.
    std::chrono::milliseconds drain{helper::kDefaultDrainMs};
    bool hidden = false;      ///< output is not the job's: its end comes back as StageExit::output
    bool kill_group = false;  ///< nothing of the script's process group outlives it
};

/// job-runtime.md §4.3: bash before sh, in the order of the official detector.
const std::vector<std::string>& default_shells();

struct StageExit {
    enum class Reason {
        kExited,       ///< the script ended by itself
        kDeadline,     ///< StageCommand::deadline has passed
        kStopped,      ///< request_stop() or shutdown()
        kStartFailed,  ///< no shell, no such user or directory, or the supervisor died under it:
                       ///< `message`
    };

    int code = 0;    ///< 128 + n for signal n
    int signal = 0;  ///< 0 unless a signal ended the shell
    Reason reason = Reason::kExited;
    std::string message;
    std::string output;  ///< hidden stages: the end of it, both streams as they came

    bool operator==(const StageExit&) const = default;
};

/// Variables that exec(2) would refuse (one string of more than 128 KiB fails the whole start)
/// become assignments in front of the script instead. They are not exported, or no program could be
/// started by the script either; the shell itself sees them.
void fit_environment(StageCommand& command);

std::string hello_frame(std::uint64_t from);
std::string run_frame(const StageCommand& command);
std::string stop_frame(std::uint16_t stage, std::chrono::milliseconds grace);
std::string limit_frame(std::uint64_t max_output_bytes);
std::string wait_engine_frame(const std::string& id, const std::string& socket,
                              std::chrono::milliseconds limit, const std::string& log,
                              bool listening);
/// `op` is mkdir, remove, put_file or put_tar. `mode` 0 and `user` "" stand for the defaults.
std::string file_frame(std::string_view op, const std::string& id, const std::string& path,
                       unsigned mode, const std::string& user);
std::string read_frame(const std::string& path, const std::string& user);
std::string abort_upload_frame();
std::string shutdown_frame(std::chrono::milliseconds grace);

/// Malformed text gives kStartFailed with a message.
StageExit parse_exit(std::string_view json);
/// A notice's text: either an answer with an id, or an event.
struct Notice {
    std::string id;
    bool ok = false;
    std::string error;
    std::string event;
    std::int64_t number = 0;  ///< the event's limit or left, the answer's entries
    std::int64_t waited_ms = 0;
    std::string log_tail;
};
Notice parse_notice(std::string_view json);

/// The frame in front of a file's bytes; kIo with the supervisor's sentence when there is no file.
base::Result<std::uint64_t> parse_file_answer(std::string_view json);

}  // namespace executors::session
