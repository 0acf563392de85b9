#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "runner/commands/command.hpp"
#include "runner/pipeline/variables/collection.hpp"

namespace runner::commands {

/// The flags of lint and pipeline that describe a pipeline: --ref, --tag, --source,
/// --merge-request, --target, --var, --input, --changed, --root, --edition, and those that say
/// where includes come from.
std::vector<Flag> pipeline_flags();

inline constexpr const char* kMergeRequestSource = "merge_request_event";

/// The functions below fail with kInvalidInput and name the flag; they do not repeat values that
/// may be secrets.

/// NAME=VALUE pairs of a list flag.
base::Result<pipeline::variables::Collection> pairs_of(const Values& values,
                                                       const std::string& flag);
/// CI_PIPELINE_SOURCE of the pipeline.
base::Result<std::string> source_of(const Values& values);
/// The token in the file of --gitlab-token-file, which other users must not be able to read, else
/// the one in $GITLAB_TOKEN; may be empty.
base::Result<base::Secret> gitlab_token_of(const Values& values);
/// Directories that replace projects, by the project's path.
base::Result<std::map<std::string, std::filesystem::path>> include_map_of(const Values& values);

}  // namespace runner::commands
