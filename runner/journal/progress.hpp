#pragma once

#include "base/stop_source.hpp"

namespace runner::journal {

/// What happened in the stages so far, as far as the remaining stages depend on it. Part of the
/// checkpoint.
struct Progress {
    bool prepare_script_failed = false;
    /// The sources, a cache or artifacts are missing, so the script does not run.
    bool sources_failed = false;
    bool steps_reached = false;  ///< a user step was started, so after_script will run
    bool step_failed = false;    ///< a user step failed, was cancelled or hit its own limit
    bool job_timed_out = false;
    base::StopReason stop = base::StopReason::kNone;
};

}  // namespace runner::journal
