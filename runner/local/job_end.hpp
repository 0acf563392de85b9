#pragma once

#include <optional>
#include <string>

#include "runner/journal/outcome.hpp"
#include "runner/pipeline/state/status.hpp"

namespace runner::local {

/// How one run of one job ended. Pure.
struct JobEnd {
    /// kManual: only of a bridge. It stays open, because its child pipeline waits for a manual job.
    pipeline::state::Status status = pipeline::state::Status::kSuccess;
    std::string reason;            ///< GitLab's failure reason: script_failure, …
    std::optional<int> exit_code;  ///< of the script
    std::string note;              ///< for the closing table: "exit code 3"
};

/// The end of a job as the pipeline sees it.
JobEnd job_end_of(const journal::Outcome& outcome);

/// The first sentence of a failure message: the log has the whole text, the table has one line.
std::string note_of(const std::string& message);

}  // namespace runner::local
