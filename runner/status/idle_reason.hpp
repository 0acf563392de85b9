#pragma once

#include <string>
#include <string_view>

#include "runner/status/snapshot.hpp"

namespace runner::status {

/// Why a runner takes no job at this moment, the first that applies.
enum class IdleKind {
    kStarting,
    kStopping,
    kDraining,         ///< by a command on this machine
    kPaused,           ///< likewise
    kDiskShort,        ///< of its engine, its builds or the state directory
    kUnknownExecutor,  ///< this program has no such executor
    kUnusable,         ///< the entry's configuration allows no request
    kTokenRefused,
    kUnreachable,  ///< the server does not answer
    kServerError,
    kNoPlace,  ///< `concurrent` is reached
    kLimit,    ///< the runner's own limit is reached
    kNotAsked,
    kNoJob,  ///< it asks, and the server has none for it
};

/// How much it matters: kProblem asks for a person, kHeld is meant or will pass.
enum class IdleLevel { kFine, kHeld, kProblem };

struct IdleReason {
    IdleKind kind = IdleKind::kNotAsked;
    std::string text;  ///< sentences for people
};

/// Pure. `runner` is one of `now.runners`.
IdleReason idle_reason(const Snapshot& now, const RunnerState& runner);
IdleLevel level_of(IdleKind kind);
/// The words of /status.json: "no_place".
std::string_view to_string(IdleKind kind);
std::string_view to_string(IdleLevel level);

}  // namespace runner::status
