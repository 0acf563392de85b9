#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "executors/helper/protocol.hpp"

namespace executors::session {

/// A script to run. Everything in it may be secret: it goes over the connection and nowhere else.
struct StageCommand {
    /// Unique in the job; the same number is never run twice.
    std::uint16_t stage = 0;
    /// Becomes the shell's standard input.
    std::string script;
    /// Paths of shells; the first that exists is used. Empty: default_shells().
    std::vector<std::string> shells;
    /// For the shell, for example "-l".
    std::vector<std::string> arguments;
    /// Added to the supervisor's own environment, or replaces variables of it.
    std::map<std::string, std::string> environment;
    /// Working directory; "": the supervisor's own.
    std::string cwd;
    /// "name", "uid", "name:group" or "uid:gid"; "": the supervisor's own user.
    std::string user;
    /// The supervisor stops the stage so long after its start; 0: never.
    std::chrono::milliseconds deadline{0};
    /// From TERM to KILL after the deadline.
    std::chrono::milliseconds grace{helper::kDefaultGraceMs};
    /// How long after the shell's end the output of processes that it left behind is still read.
    std::chrono::milliseconds drain{helper::kDefaultDrainMs};
    /// The output does not go to the event log; its end comes back as StageExit::output.
    bool hidden = false;
    /// Kills what is left of the script's process group when the shell has ended.
    bool kill_group = false;
    /// `arguments` make a login shell, which is needed for the first stage of the job: the others
    /// get what its profiles have set. A supervisor that does not know this uses `arguments`
    /// always.
    bool login_once = false;
    /// The runner's own programs in the script may tell the daemon something: StageExit::report.
    /// Only for scripts that have nothing of the job's.
    bool report = false;
};

/// bash before sh, in the order of the official runner's shell detection (job-runtime.md §4.3).
const std::vector<std::string>& default_shells();

/// How a stage ended.
struct StageExit {
    enum class Reason {
        kExited,    ///< the script ended by itself
        kDeadline,  ///< StageCommand::deadline has passed
        kStopped,   ///< request_stop() or shutdown()
        /// There is no such shell, user or directory, or the supervisor died while the script ran;
        /// `message` says which.
        kStartFailed,
    };

    int code = 0;    ///< 128 + n when signal n ended the shell
    int signal = 0;  ///< 0 unless a signal ended the shell
    Reason reason = Reason::kExited;
    std::string message;
    /// Of a hidden stage: the end of what it printed, both streams in their order.
    std::string output;
    /// Of a stage with StageCommand::report: what was reported (executors/helper/stage_report.hpp).
    /// It comes from the job's environment, so it may say anything.
    std::string report;

    bool operator==(const StageExit&) const = default;
};

}  // namespace executors::session
