#pragma once

#include <cstdint>
#include <string>

#include "executors/spec.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/slots.hpp"
#include "runner/script/job_directories.hpp"
#include "runner/script/text_expander.hpp"
#include "runner/script/variables.hpp"

/// Translates GitLab's job payload into the terms of the executors (job-runtime.md §2.1, §5.2).
/// Pure.
namespace runner::job {

using Directories = script::JobDirectories;

/// What the custom executor's driver says about directories; the configuration counts for the rest.
struct DirectoryWishes {
    std::optional<std::string> builds{};
    std::optional<std::string> cache{};
    bool builds_are_shared = false;
    /// The driver was not asked yet: what it may change is not judged.
    bool open = false;
};

/// `working_dir`: the daemon's, for the shell executor's default. kConfiguration when
/// GIT_CLONE_PATH is not allowed or lies outside of the builds directory, and when a directory that
/// has no default is not configured.
base::Result<Directories> job_directories(const protocol::gitlab::JobPayload& payload,
                                          const config::RunnerConfig& runner,
                                          script::Variables& variables,
                                          const journal::JobRecord& record,
                                          const std::string& working_dir,
                                          const DirectoryWishes& wishes = {});

/// `variables` are complete. The payload's own texts are expanded already (expand_texts()); names
/// and aliases of images are expanded here. With a problem() of `texts`, the environment is not
/// usable.
executors::JobEnvironment make_environment(
    const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
    const script::Variables& variables, script::TextExpander& texts, const Directories& directories,
    const std::string& system_id, const std::string& short_token, journal::Slot slot);

/// `text`: the value of RUNNER_DIND_PERSIST, "" where the job has none.
executors::EngineDataWish engine_data_wish(const std::string& text);

/// Whether GitLab says that the job's ref is protected.
bool is_protected(const protocol::gitlab::JobPayload& payload);

/// Whether a script of the runner uses git. `fetched`: the sources come from the server.
bool needs_git(const protocol::gitlab::JobPayload& payload, const script::Variables& variables,
               bool fetched);

/// "runner-<short token>-project-<id>-concurrent-<n>" in the letters of RFC 1123, at most 63.
std::string base_name(const std::string& short_token, std::int64_t project_id, int concurrent_id);

/// The message of the failure when the payload needs something that this runner cannot do; "" when
/// the runner can run the job.
std::string unsupported_reason(const protocol::gitlab::JobPayload& payload,
                               const config::RunnerConfig& runner);

}  // namespace runner::job
