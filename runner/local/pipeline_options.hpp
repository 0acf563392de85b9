#pragma once

#include <set>
#include <string>

namespace runner::local {

/// How a pipeline is run: what the command line says, and what the file says.
struct PipelineOptions {
    std::set<std::string> play{};  ///< manual jobs to play without asking, by name or by definition
    /// "child / ": a name in `play` that begins with it means a job of this pipeline only.
    std::string prefix{};
    bool play_all = false;     ///< all manual jobs
    bool interactive = false;  ///< the user can be asked which manual jobs to play
    bool wait_for_delays = true;
    bool cancel_on_failure = false;  ///< workflow:auto_cancel:on_job_failure: all
};

}  // namespace runner::local
