#pragma once

#include <string>
#include <vector>

#include "runner/config/config.hpp"
#include "runner/script/shell_writer.hpp"
#include "runner/script/variables.hpp"

/// The text of each stage's script (job-runtime.md §4). Pure: payload, variables and facts in, shell out.
///
/// Variables reach a script as its process environment, set by the supervisor; no value stands in the text,
/// but for the contents of file variables. Credentials of git stand in a private file below the temporary
/// directory, never in an argument or in .git/config.
namespace runner::script {

enum class GitStrategy { kClone, kFetch, kNone, kEmpty };

/// What the stages need beside the variables.
struct StageFacts {
    std::string place;           ///< "Running on ⟦place⟧..."
    bool shared_environment = false;
    bool shell_executor = false;
    bool sources_by_daemon = false;  ///< the daemon unpacks the tree; the script only tells about it
};

class StageWriter {
  public:
    StageWriter(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
                Variables& variables, StageFacts facts);

    /// Warnings about behaviour variables are collected in `variables`.
    [[nodiscard]] std::string prepare_script();
    base::Result<std::string> get_sources();
    /// Before the second try of get_sources.
    [[nodiscard]] std::string clear_worktree();
    [[nodiscard]] std::string step(const protocol::gitlab::Step& step);
    [[nodiscard]] std::string after_script(const protocol::gitlab::Step& step);
    [[nodiscard]] std::string cleanup();

    [[nodiscard]] GitStrategy strategy();
    /// Repository address without and with credentials, `clone_url` applied.
    [[nodiscard]] std::string remote_url() const;
    [[nodiscard]] std::string remote_url_with_credentials() const;

  private:
    [[nodiscard]] bool opens_files() const;
    [[nodiscard]] std::string in_the_open(const std::string& command) const;
    void preamble(ShellWriter& writer) const;
    void write_git_config(ShellWriter& writer);
    void remove_stale_locks(ShellWriter& writer) const;
    void initialise_repository(ShellWriter& writer);
    void fetch(ShellWriter& writer);
    void checkout(ShellWriter& writer);
    void submodules(ShellWriter& writer);
    void update_submodules(ShellWriter& writer, const std::string& mode);
    void hook(ShellWriter& writer, std::string_view name);
    void skip_sources(ShellWriter& writer, GitStrategy strategy) const;
    [[nodiscard]] std::string finish(const ShellWriter& writer) const;
    [[nodiscard]] std::string project() const;
    [[nodiscard]] std::string tmp() const;
    [[nodiscard]] std::string ext_config() const;

    const protocol::gitlab::JobPayload& payload_;
    const config::RunnerConfig& runner_;
    Variables& variables_;
    StageFacts facts_;
};

/// "http://user:secret@host:1/a/b.git" → "http://host:1/a/b.git"; other text stays.
std::string without_credentials(std::string_view url);
/// Path of the repository for the build directory: "group/project", "" when the URL has none.
std::string project_slug(std::string_view repo_url);

}  // namespace runner::script
