#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

/// The keywords of a job that need a GitLab server, a sentence each for the job's log: id_tokens,
/// release, reports other than dotenv, artifacts of other pipelines and projects. Pure.
std::vector<std::string> server_only(const pipeline::plan::PlannedJob& planned);

}  // namespace runner::local
