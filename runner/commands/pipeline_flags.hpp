#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "runner/commands/command.hpp"
#include "runner/pipeline/variables/collection.hpp"

namespace runner::commands {

/// --ref, --tag, --source, --merge-request, --target, --var, --input, --changed, --root, --edition,
/// and where includes come from: what lint and pipeline ask about the pipeline to imagine.
std::vector<Flag> pipeline_flags();

inline constexpr const char* kMergeRequestSource = "merge_request_event";

/// The readers below fail with kInvalidInput and name the flag; values are not repeated where they
/// may be secrets.

/// NAME=VALUE pairs of a list flag.
base::Result<pipeline::variables::Collection> pairs_of(const Values& values,
                                                       const std::string& flag);
/// CI_PIPELINE_SOURCE of the pipeline.
base::Result<std::string> source_of(const Values& values);
/// Of --gitlab-token-file, which others must not be able to read, else of $GITLAB_TOKEN; may be
/// empty.
base::Result<base::Secret> gitlab_token_of(const Values& values);
/// Directories that stand for projects.
base::Result<std::map<std::string, std::filesystem::path>> include_map_of(const Values& values);

}  // namespace runner::commands
