#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "runner/local/artifact_store.hpp"
#include "runner/local/capacity.hpp"
#include "runner/local/display.hpp"
#include "runner/local/job_factory.hpp"
#include "runner/local/pipeline_options.hpp"
#include "runner/local/terminal_input.hpp"
#include "runner/local/workspace.hpp"
#include "runner/pipeline/include/source.hpp"

namespace runner::local {

/// What all pipelines of one `runner exec` share. Its owner keeps what the references point to.
struct ExecContext {
    JobFactory& jobs;
    Display& display;
    TerminalInput& input;
    Capacity& capacity;
    const Workspace& workspace;
    pipeline::include::Source& source;  ///< gives the files that the configuration includes
    PipelineOptions options;
    ArtifactStore artifacts;
    bool shell_on_failure = false;
    /// Those of options.play that mean a job of a pipeline that has been created.
    std::set<std::string> found_manual_names{};
    /// Of the next job or pipeline. No other call on this machine uses the same ids.
    std::int64_t next_id = 1;
};

}  // namespace runner::local
