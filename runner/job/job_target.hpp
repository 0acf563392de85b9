#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runner/job/gitlab_channel.hpp"
#include "runner/trace/uploader.hpp"

namespace runner::job {

/// The requests to GitLab about one job, with the job's token.
/// Strand: the I/O thread. `options` are read at construction only.
class JobTarget final : public trace::TraceTarget {
  public:
    JobTarget(const GitLabChannelOptions& options, bool debug_trace);

    [[nodiscard]] const base::log::Scope& daemon_log() const override { return daemon_log_; }

    base::Task<protocol::gitlab::PatchResult> patch(base::FilePart content,
                                                    std::uint64_t offset) override;
    base::Task<protocol::gitlab::UpdateResult> touch(std::string checksum,
                                                     std::uint64_t bytes) override;
    base::Task<protocol::gitlab::UpdateResult> report(std::string checksum,
                                                      std::uint64_t bytes) override;
    /// What report() tells.
    void decide(journal::Outcome outcome) { outcome_ = std::move(outcome); }

    /// As JobChannel::send_artifact() and JobChannel::fetch_artifact().
    base::Task<base::Result<std::string>> send(ArtifactFile file);
    base::Task<base::Result<protocol::http::BodySource>> fetch(
        protocol::gitlab::Dependency dependency, protocol::gitlab::ArtifactDownload how);

  private:
    void tell(std::string_view what, base::log::Level level,
              const protocol::gitlab::UpdateResult& result) const;
    protocol::gitlab::JobUpdate update(protocol::gitlab::JobState state,
                                       const std::string& checksum, std::uint64_t bytes) const;

    std::shared_ptr<protocol::gitlab::JobsApi> client_;
    protocol::gitlab::JobCredentials job_;
    protocol::gitlab::RunnerInfo info_;
    std::vector<std::string> known_reasons_;
    bool debug_trace_;
    base::log::Scope daemon_log_;
    journal::Outcome outcome_;
};

}  // namespace runner::job
