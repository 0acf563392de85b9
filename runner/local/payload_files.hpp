#pragma once

#include <string>
#include <vector>

#include "runner/local/payload.hpp"

/// The files that a job keeps: artifacts, reports, caches. Pure.
namespace runner::local {

/// Paths of the job's reports of one type ("dotenv"); none when it has no such report.
std::vector<std::string> report_paths(const pipeline::plan::Job& job, const std::string& type);

/// The archive of `artifacts:paths`, with the published directory of a pages job, and the dotenv
/// report. Other reports are for a server only.
std::vector<protocol::gitlab::Artifact> artifacts_of(const pipeline::plan::Job& job);

/// `cache` in any of its forms. A key of `files` is computed from `request.files`.
std::vector<protocol::gitlab::Cache> caches_of(const pipeline::plan::Job& job,
                                               const PayloadRequest& request);

}  // namespace runner::local
