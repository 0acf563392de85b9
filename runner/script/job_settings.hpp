#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/script/feature_flags.hpp"
#include "runner/script/variables.hpp"

namespace runner::script {

enum class GitStrategy { kClone, kFetch, kNone, kEmpty };
enum class SubmoduleStrategy { kNone, kNormal, kRecursive, kInvalid };

/// How a job wants to be run: the behaviour variables of job-runtime.md §2.4, read and checked.
struct JobSettings {
    GitStrategy git_strategy = GitStrategy::kFetch;
    std::int64_t git_depth = 0;  ///< 0: everything
    bool git_checkout = true;
    std::vector<std::string> git_clean_flags{"-ffdx"};  ///< empty: no clean
    std::vector<std::string> git_fetch_extra_flags{"--prune", "--quiet"};
    SubmoduleStrategy submodules = SubmoduleStrategy::kNone;
    std::int64_t submodule_depth = 0;
    std::vector<std::string> submodule_paths;
    std::vector<std::string> submodule_update_flags;
    bool submodule_force_https = false;
    bool lfs_skip_smudge = false;  ///< the job takes care of LFS itself
    int get_sources_attempts = 1;
    int artifact_download_attempts = 1;
    int restore_cache_attempts = 1;
    int job_section_attempts = 1;
    /// Already bounded by the job's own limit; nullopt: none.
    std::optional<std::chrono::nanoseconds> script_timeout;
    std::chrono::nanoseconds after_script_timeout = std::chrono::minutes(5);
    bool after_script_ignore_errors = true;
    bool debug_trace = false;
    bool debug_services = false;
    std::string docker_auth_config;
    FeatureFlags flags;
    /// For the job's log, before anything else is done.
    std::vector<std::string> warnings;
};

/// `debug_trace_disabled` is the configuration's.
JobSettings read_settings(const protocol::gitlab::JobPayload& payload, const Variables& variables,
                          FeatureFlags flags, bool debug_trace_disabled);

struct PathRules {
    std::string builds_dir;  ///< "/builds", or the configured one
    std::string cache_dir;
    bool shared_builds = false;     ///< several jobs see the same builds_dir: shell, or a host's folder
    bool custom_build_dir = false;  ///< GIT_CLONE_PATH is allowed
};

/// Where the project goes. Needs the variables for GIT_CLONE_PATH, which may refer to CI_BUILDS_DIR; so they are
/// made twice, with `default_paths` and with the answer. kConfiguration: GIT_CLONE_PATH is not
/// allowed, or leads out of the builds directory.
JobPaths default_paths(const protocol::gitlab::JobPayload& payload, const RunnerFacts& facts,
                       const PathRules& rules, GitStrategy strategy);
base::Result<JobPaths> resolve_paths(JobPaths paths, const Variables& variables, const PathRules& rules);

/// "group/project" of a repository's address; "project-<id>" when it has none.
std::string project_slug(const protocol::gitlab::JobPayload& payload);

}  // namespace runner::script
