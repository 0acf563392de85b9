#pragma once

#include <filesystem>
#include <memory>

#include "base/log.hpp"
#include "protocol/gitlab/client.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/job/job_channel.hpp"
#include "runner/journal/journal.hpp"
#include "runner/script/variables.hpp"
#include "runner/trace/upload_schedule.hpp"

namespace runner::job {

/// The data from which make_gitlab_channel() makes a channel.
struct GitLabChannelOptions {
    std::shared_ptr<protocol::gitlab::JobsApi> client;
    protocol::gitlab::RunnerInfo info;
    // Read at construction only.
    const protocol::gitlab::JobPayload* payload = nullptr;
    const script::Variables* variables = nullptr;
    const config::RunnerConfig* runner = nullptr;
    std::filesystem::path spool;
    const journal::Checkpoint* restored = nullptr;  ///< null for a new job
    base::log::Scope daemon_log;                    ///< job_scope()
};

/// When the log is sent and the job is touched, as the job's variables say.
trace::UploadTimes upload_times(const script::Variables& variables);

/// Makes the channel of a job that GitLab handed out. The channel masks and frames the log, keeps
/// it in `spool`, sends it by PATCH, and reports the start and the end of the job to the server.
/// Strand: the I/O thread. Failures: the spool cannot be made or opened, or kInvalidInput when the
/// log state of the restored checkpoint cannot be read.
base::Result<std::unique_ptr<JobChannel>> make_gitlab_channel(
    const boost::asio::any_io_executor& executor, const GitLabChannelOptions& options);

}  // namespace runner::job
