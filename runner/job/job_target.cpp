#include "runner/job/job_target.hpp"

#include <fmt/format.h>

#include "runner/job/failure_reason.hpp"

namespace runner::job {

namespace gitlab = protocol::gitlab;

namespace {

constexpr std::size_t kDownloadBytes = 256U << 10U;

}  // namespace

JobTarget::JobTarget(const GitLabChannelOptions& options, bool debug_trace)
    : client_(options.client),
      job_{options.payload->id, options.payload->token},
      info_(options.info),
      known_reasons_(options.payload->features.failure_reasons),
      debug_trace_(debug_trace),
      daemon_log_(options.daemon_log) {}

base::Task<gitlab::PatchResult> JobTarget::patch(base::FilePart content, std::uint64_t offset) {
    auto result = co_await client_->patch_trace(job_, content, offset, debug_trace_);
    if (result.outcome == gitlab::PatchOutcome::kOk) {
        daemon_log_.debug("Appending trace to coordinator...ok",
                          {{"code", result.status},
                           {"job-status", result.signals.job_status},
                           {"sent-log", fmt::format("{}-{}", offset, offset + content.bytes - 1)}});
    }
    co_return result;
}

base::Task<gitlab::UpdateResult> JobTarget::touch(std::string checksum, std::uint64_t bytes) {
    auto body = update(gitlab::JobState::kRunning, checksum, bytes);
    auto result = co_await client_->update_job(job_, std::move(body));
    tell("Updating job...", base::log::Level::kDebug, result);
    co_return result;
}

base::Task<gitlab::UpdateResult> JobTarget::report(std::string checksum, std::uint64_t bytes) {
    auto body = update(outcome_.success() ? gitlab::JobState::kSuccess : gitlab::JobState::kFailed,
                       checksum, bytes);
    if (outcome_.failure) {
        body.failure_reason = wire_reason(outcome_.failure->reason, known_reasons_);
        body.exit_code = outcome_.failure->exit_code;
    }
    auto result = co_await client_->update_job(job_, std::move(body));
    tell("Submitting job to coordinator...ok", base::log::Level::kInfo, result);
    co_return result;
}

base::Task<base::Result<std::string>> JobTarget::send(ArtifactFile file) {
    gitlab::ArtifactUpload upload;
    upload.file_name = file.name;
    upload.artifact_format = file.about->artifact_format;
    upload.artifact_type = file.about->artifact_type;
    upload.expire_in = file.about->expire_in;
    upload.open = std::move(file.open);
    upload.on_retry = std::move(file.on_retry);
    auto call = client_->upload_artifact(job_, std::move(upload));
    auto sent = co_await std::move(call);
    if (!sent) co_return sent.error();
    co_return "201 Created  id=" + std::to_string(job_.id) + " responseStatus=201 Created";
}

base::Task<base::Result<protocol::http::BodySource>> JobTarget::fetch(
    gitlab::Dependency dependency, gitlab::ArtifactDownload how) {
    gitlab::JobCredentials earlier{dependency.id, dependency.token};
    auto call = client_->download_artifact(std::move(earlier), std::move(how));
    auto answer = co_await std::move(call);
    if (!answer) co_return answer.error();
    const std::shared_ptr<protocol::http::StreamingResponse> body = std::move(*answer);
    const auto next = [body] { return body->read_some(kDownloadBytes); };
    co_return protocol::http::BodySource(next);
}

/// Only what the server took: the uploader tells of the rest. A server that took the outcome of
/// a failed job answers that the job has failed.
void JobTarget::tell(std::string_view what, base::log::Level level,
                     const gitlab::UpdateResult& result) const {
    const bool over = result.outcome == gitlab::UpdateOutcome::kAborted;
    const bool taken =
        result.outcome == gitlab::UpdateOutcome::kOk || (over && result.status / 100 == 2);
    if (!taken) return;
    daemon_log_.write(level, what,
                      {{"code", result.status}, {"job-status", result.signals.job_status}});
}

gitlab::JobUpdate JobTarget::update(gitlab::JobState state, const std::string& checksum,
                                    std::uint64_t bytes) const {
    gitlab::JobUpdate body;
    body.state = state;
    body.info = info_;
    if (bytes > 0) {
        body.checksum = checksum;
        body.bytesize = bytes;
    }
    return body;
}

}  // namespace runner::job
