#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/job_settings.hpp"
#include "runner/script/variables.hpp"

/// The text of each stage's script. Pure; what comes out is for bash and any POSIX sh.
namespace runner::script {

/// What the stages of one job are made from. The references outlive the calls.
struct StageInput {
    const protocol::gitlab::JobPayload& payload;
    const Variables& variables;
    const JobSettings& settings;
    const JobPaths& paths;
    std::string host_name;       ///< of the machine that the daemon runs on
    std::string pre_get_sources_script;   ///< of the configuration, "" for none; as the next three
    std::string post_get_sources_script;
    std::string pre_build_script;
    std::string post_build_script;
    std::string clone_url;       ///< replaces scheme, host and port of the repository's address
    std::string user_agent;      ///< "gitlab-runner 19.4.0 linux/amd64"
    std::string correlation_id;  ///< for Gitaly, "" for none
    bool clean_git_config = true;
    bool safe_directory = false;     ///< git config safe.directory is set for the project
    bool shared_environment = false; ///< others use the same machine: files are for their owner only
    bool script_sections = false;    ///< FF_SCRIPT_SECTIONS and the server knows sections
};

/// A stage as it is handed to the supervisor.
struct StageText {
    std::string script;
    std::map<std::string, std::string> environment;
    std::string cwd;  ///< "": the supervisor's own
};

StageText prepare_script(const StageInput& input);
/// With git in the environment.
StageText get_sources(const StageInput& input);
/// Before another attempt of get_sources.
StageText clear_worktree(const StageInput& input);
/// A step of the payload; `after_script` has its own form. `job_status` is CI_JOB_STATUS: running, or how the steps ended.
StageText step(const StageInput& input, std::size_t index, std::string_view job_status);
StageText cleanup(const StageInput& input);

/// Address without credentials, what they were, and both as the job shall use them.
struct Remote {
    std::string url;
    std::string username;
    std::string password;
    std::string base;  ///< "https://host:port", "" when it is no such address
};
Remote remote_of(const std::string& repo_url, const std::string& clone_url);

}  // namespace runner::script
