#pragma once

#include "base/stop_source.hpp"

namespace runner::journal {

/// What decides about the stages that are left. Part of the checkpoint.
struct Progress {
    bool prepare_script_failed = false;
    /// Or restoring the cache, or downloading artifacts: the script lacks what it needs.
    bool sources_failed = false;
    bool steps_reached = false;  ///< a user step was started: after_script gets its turn
    bool step_failed = false;    ///< a user step failed, was cancelled or hit its own limit
    bool job_timed_out = false;
    base::StopReason stop = base::StopReason::kNone;
};

}  // namespace runner::journal
