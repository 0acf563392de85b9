#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/behaviour_variables.hpp"
#include "runner/script/shell_writer.hpp"
#include "runner/script/variables.hpp"

namespace runner::script {

/// What the writers must know about the job's environment. Neither the payload nor the
/// configuration says it.
struct ScriptSettings {
    /// "Running on ⟦description⟧..."
    std::string description;
    /// Of the request that brought the job; "" for none.
    std::string correlation_id{};
    /// Why caches stay on this host although a storage is configured; "" for nothing.
    std::string cache_problem{};
    /// ExecutorTraits::shared_host.
    bool shared_host = false;
    /// Directory of the runner's own git, which its scripts use instead of the environment's; ""
    /// for that of the environment.
    std::string git_directory{};
    /// The same for files of Git LFS, where the environment's git has no git-lfs.
    std::string lfs_directory{};
    /// EnvironmentInfo::git_seed and measures_clone.
    std::string git_seed{};
    bool measures_clone = false;
    /// A driver brings the scripts to a place without runner-helper (executors/driver.hpp).
    bool by_driver = false;
    /// The daemon unpacks the sources, which come from no server: BroughtSourcesWriter.
    bool sources_by_daemon = false;
    /// Path of runner-helper in the environment.
    std::string helper{};
    /// The directory of all builds, when links below it are not the administrator's; else "".
    std::string builds_dir{};
    /// The directory that holds the caches in the environment.
    std::string cache_dir{};
    /// "group/project", part of the caches' paths.
    std::string project_slug{};
    /// When the job came, in seconds since 1970.
    std::int64_t started_at = 0;
};

/// What the writers of one job's scripts share (job-runtime.md §4). Pure: values in, shell out.
///
/// Variables reach a script as its process environment, set by the supervisor. No value of a
/// variable stands in the text of a script, except the contents of file variables. (A driver gets
/// scripts with the variables in front of them: driver_script.hpp.)
///
/// Life: made once per job, when the job's directories are known. It refers to payload,
/// configuration and variables, which outlive it. Not synchronised: one strand uses it.
class ScriptContext {
  public:
    ScriptContext(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
                  BehaviourVariables& behaviour, ScriptSettings settings);

    [[nodiscard]] const protocol::gitlab::JobPayload& payload() const { return payload_; }
    [[nodiscard]] const config::RunnerConfig& runner() const { return runner_; }
    [[nodiscard]] const Variables& variables() const { return behaviour_.variables(); }
    /// Keeps the warnings about settings that the writers cannot read.
    [[nodiscard]] BehaviourVariables& behaviour() const { return behaviour_; }
    [[nodiscard]] const ScriptSettings& settings() const { return settings_; }

    /// Directories in the environment: of the project, and of files that live as long as the job.
    [[nodiscard]] std::string project() const;
    [[nodiscard]] std::string tmp() const;
    /// $GITLAB_ENV: variables that one stage hands to the next.
    [[nodiscard]] std::string gitlab_env_file() const;

    /// Makes the temporary directory, writes the file variables and reads $GITLAB_ENV.
    void write_preamble(ShellWriter& writer) const;
    /// Before the runner's own commands use git, and hooks of get_sources do.
    void use_git(ShellWriter& writer) const;
    /// `command` with the umask that the job's files have.
    [[nodiscard]] std::string with_job_umask(const std::string& command) const;
    /// That umask for the rest of the script.
    void write_job_umask(ShellWriter& writer) const;
    /// Commands of the user or the administrator; `section` names their log sections.
    void write_commands(ShellWriter& writer, const std::vector<std::string>& commands,
                        std::string_view section) const;
    /// The whole script.
    [[nodiscard]] std::string finish(const ShellWriter& writer) const;

  private:
    [[nodiscard]] bool opens_files() const;

    const protocol::gitlab::JobPayload& payload_;
    const config::RunnerConfig& runner_;
    BehaviourVariables& behaviour_;
    ScriptSettings settings_;
};

}  // namespace runner::script
