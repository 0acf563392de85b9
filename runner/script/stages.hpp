#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/config/config.hpp"
#include "runner/script/shell_writer.hpp"
#include "runner/script/variables.hpp"

/// The text of each stage's script (job-runtime.md §4). Pure: payload, variables and facts in,
/// shell out.
///
/// Variables reach a script as its process environment, set by the supervisor; no value stands in
/// the text, but for the contents of file variables. Credentials of git stand in a private file
/// below the temporary directory, never in an argument (git's own ones
/// included) or in .git/config.
namespace runner::script {

enum class GitStrategy { kClone, kFetch, kNone, kEmpty };

/// Directories of the daemon's own, where git brings the sources for an image without it.
struct HostPlace {
    std::string project;  ///< the repository; its work tree stays empty but for submodules
    std::string tmp;
};

/// The parts of get_sources when git cannot run in the environment.
struct SplitSources {
    std::string before;    ///< in the environment: hooks
    std::string host;      ///< on the host: git
    std::string clean;     ///< in the environment: makes room for the files
    std::string after;     ///< in the environment: hooks
    bool checkout = true;  ///< whether there are files to lay out
};

/// What the stages need beside the variables.
struct StageFacts {
    std::string place;             ///< "Running on ⟦place⟧..."
    std::string correlation_id{};  ///< of the job's request, "" for none
    bool shared_environment = false;
    bool shell_executor = false;
    bool sources_by_daemon = false;   ///< the daemon unpacks the tree: split_sources()
    std::optional<HostPlace> host{};  ///< set: the script runs there and not in the environment
    std::string helper{};             ///< path of runner-helper where scripts run
    std::string cache_dir{};          ///< where caches are kept there
    std::string project_slug{};       ///< "group/project", part of their paths
};

class StageWriter {
  public:
    StageWriter(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
                Variables& variables, StageFacts facts);

    /// Warnings about behaviour variables are collected in `variables`.
    [[nodiscard]] std::string prepare_script();
    base::Result<std::string> get_sources();
    /// The same for sources_by_daemon; kNone and kEmpty have no parts.
    base::Result<SplitSources> split_sources(const HostPlace& place);
    /// Where the names of the files stand that the daemon unpacked, each ended by a zero byte.
    [[nodiscard]] std::string file_list() const;
    /// Before the second try of get_sources.
    [[nodiscard]] std::string clear_worktree();
    [[nodiscard]] std::string step(const protocol::gitlab::Step& step);
    [[nodiscard]] std::string after_script(const protocol::gitlab::Step& step);
    [[nodiscard]] std::string cleanup();

    /// kConfiguration for a policy that nobody knows.
    base::Result<std::string> restore_cache();
    base::Result<std::string> archive_cache(bool success);
    /// Makes package_path(index), a package of executors/helper/files_command.hpp; none when there
    /// is nothing to send.
    std::string pack_artifact(const protocol::gitlab::Artifact& artifact, std::size_t index);
    [[nodiscard]] std::string package_path(std::size_t index) const;
    /// Unpacks dependency_path(job_id) into the project and removes it.
    [[nodiscard]] std::string extract_dependency(std::int64_t job_id);
    [[nodiscard]] std::string dependency_path(std::int64_t job_id) const;

    [[nodiscard]] GitStrategy strategy();
    /// Whether the strategy wants any.
    [[nodiscard]] bool brings_sources();
    /// Repository address without credentials, `clone_url` applied.
    [[nodiscard]] std::string remote_url() const;
    /// Those of the address, as git's credential helpers answer: "username=…\npassword=…\n", or "".
    [[nodiscard]] std::string remote_credentials() const;
    /// The file with the job's credentials that its repositories include.
    [[nodiscard]] std::string ext_config() const;

  private:
    struct PlannedCache {
        std::string key;    ///< part of the path; "": not usable
        std::string shown;  ///< as the job wrote it
        std::string warning;
        bool pulls = false;
        bool pushes = false;
    };

    base::Result<PlannedCache> plan_cache(const protocol::gitlab::Cache& cache);
    [[nodiscard]] std::vector<PlannedCache> cache_names(ShellWriter& writer,
                                                        const protocol::gitlab::Cache& cache,
                                                        const PlannedCache& own) const;
    void restore_one_cache(ShellWriter& writer, const protocol::gitlab::Cache& cache,
                           const PlannedCache& own);
    [[nodiscard]] std::string cache_file(const std::string& key) const;
    [[nodiscard]] bool opens_files() const;
    [[nodiscard]] std::string in_the_open(const std::string& command) const;
    void preamble(ShellWriter& writer) const;
    [[nodiscard]] std::string url_rules() const;
    [[nodiscard]] std::string login_rule() const;
    [[nodiscard]] bool token_is_variable() const;
    [[nodiscard]] std::string credentials_file() const;
    [[nodiscard]] std::string clean_command() const;
    base::Result<void> check_sources() const;
    base::Result<void> check_host_flags() const;
    void hand_on_git_settings(ShellWriter& writer) const;
    void run_git(ShellWriter& writer, GitStrategy chosen);
    void clean_without_git(ShellWriter& writer) const;
    void write_git_config(ShellWriter& writer);
    void remove_stale_locks(ShellWriter& writer) const;
    void initialise_repository(ShellWriter& writer);
    void fetch(ShellWriter& writer);
    void checkout(ShellWriter& writer);
    void large_files(ShellWriter& writer) const;
    void submodules(ShellWriter& writer);
    void update_submodules(ShellWriter& writer, const std::string& mode);
    [[nodiscard]] bool sends_correlation_id() const;
    void hook(ShellWriter& writer, std::string_view name);
    void skip_sources(ShellWriter& writer, GitStrategy strategy) const;
    [[nodiscard]] std::string finish(const ShellWriter& writer) const;
    [[nodiscard]] std::string project() const;
    [[nodiscard]] std::string tmp() const;

    const protocol::gitlab::JobPayload& payload_;
    const config::RunnerConfig& runner_;
    Variables& variables_;
    StageFacts facts_;
};

/// The configuration that the job's repositories include, below its temporary directory.
std::string git_config_file(const std::string& tmp);
/// In quotes, as a git configuration has values.
std::string git_config_value(std::string_view text);
/// "http://user:secret@host:1/a/b.git" → "http://host:1/a/b.git"; other text stays.
std::string without_credentials(std::string_view url);
/// Path of the repository for the build directory: "group/project", "" when the URL has none.
std::string project_slug(std::string_view repo_url);

}  // namespace runner::script
