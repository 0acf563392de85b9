#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/pipeline/plan/create.hpp"

/// A job of a local pipeline as the payload in which a GitLab server hands out jobs
/// (runner-protocol.md §2.7), so that runner/job runs both alike. Pure.
namespace runner::local {

/// What all jobs of one local pipeline have in common.
struct PipelineInfo {
    std::int64_t id = 1;
    std::int64_t project_id = 1;
    pipeline::variables::Collection predefined;  ///< of the checkout and the pipeline's source
    pipeline::variables::Collection given;       ///< for this run: they win over the file's
    std::string sha;                             ///< "" without a commit
    std::string before_sha;                      ///< "" when not known
    std::string ref;
    bool is_tag = false;
    std::chrono::seconds timeout{3600};  ///< of a job that has no `timeout`
};

/// One run of one job. What the pointers point to outlives the call of make_payload().
struct PayloadRequest {
    const PipelineInfo* pipeline = nullptr;
    const pipeline::plan::PlannedJob* planned = nullptr;
    std::int64_t id = 1;
    base::Secret token;
    std::string started_at;  ///< ISO 8601
    /// From dotenv reports of earlier jobs; later ones win.
    std::vector<pipeline::variables::Variable> inherited;
    std::vector<protocol::gitlab::Dependency> dependencies;
    /// The checkout's files and git's blob id of one of them, for `cache:key:files`.
    const std::vector<std::string>* files = nullptr;
    std::function<std::string(const std::string& path)> blob_id;
};

protocol::gitlab::JobPayload make_payload(const PayloadRequest& request);

}  // namespace runner::local
