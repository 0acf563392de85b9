#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runner/job/job_channel.hpp"
#include "runner/local/artifact_store.hpp"
#include "runner/trace/mask_set.hpp"

namespace runner::local {

struct TerminalChannelOptions {
    std::int64_t job_id = 0;
    ArtifactStore* artifacts = nullptr;  ///< outlives the channel
    trace::MaskOptions masks;
    bool colours = false;  ///< for the runner's own lines; output of scripts is not changed
    /// Called for each line of the job's log, without its end.
    std::function<void(std::string_view)> on_line;
    /// Awaited with the outcome while the job's environment is still there; may be empty.
    std::function<base::Task<void>(const journal::Outcome&)> before_cleanup;
};

/// A job's log as lines on a terminal, masked as in GitLab, and its artifacts in an ArtifactStore.
/// No server hears of the job, so announcing and finishing it cannot fail.
std::unique_ptr<job::JobChannel> make_terminal_channel(const boost::asio::any_io_executor& executor,
                                                       TerminalChannelOptions options);

}  // namespace runner::local
