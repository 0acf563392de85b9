#pragma once

#include <string>
#include <string_view>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// Two directories that git works in.
struct GitDirectories {
    std::string project;
    std::string tmp;
};

/// Where git runs, and what is written differently because of that. Pure: the methods that take a
/// writer append commands to the script of get_sources. Life: see ScriptContext.
class GitLocation {
  public:
    virtual ~GitLocation() = default;

    [[nodiscard]] virtual GitDirectories directories() const = 0;
    /// Whether $CI_JOB_TOKEN is set where git runs.
    [[nodiscard]] virtual bool has_job_token() const = 0;
    /// Path of the file variable `key` for git, which is written first if it is not there.
    virtual std::string variable_file(ShellWriter& writer, std::string_view key) const = 0;
    /// Before the repository is made: git accepts the directory of another user.
    virtual void trust_project(ShellWriter& writer) const = 0;
    /// Whether the repository may be one that a former job has left, which may be damaged.
    [[nodiscard]] virtual bool keeps_repository() const = 0;
    /// Removes the project with the repository.
    virtual void remove_project(ShellWriter& writer) const = 0;
    /// In the repository: includes the file of GitConfigWriter. This and check_out() are parts of
    /// shell functions that return the code of the first command that fails.
    virtual void include_config(ShellWriter& writer) const = 0;
    /// Makes the fetched commit HEAD, and its files where git lays them out.
    virtual void check_out(ShellWriter& writer, const std::string& sha) const = 0;
    /// After the checkout: brings the files of Git LFS, or says why they are missing.
    virtual void bring_large_files(ShellWriter& writer) const = 0;
    /// After the checkout, with or without submodules: makes those of a former job safe.
    virtual void clean_submodules(ShellWriter& writer) const = 0;
    /// Before and after the update of submodules: they use the same configuration. `recursive` is
    /// the flag of git's commands, "" or " --recursive".
    virtual void begin_submodules(ShellWriter& writer) const = 0;
    virtual void end_submodules(ShellWriter& writer, std::string_view recursive) const = 0;
};

/// In the job's environment, with the image's git.
class EnvironmentGit final : public GitLocation {
  public:
    explicit EnvironmentGit(const ScriptContext& context) : context_(context) {}

    [[nodiscard]] GitDirectories directories() const override;
    [[nodiscard]] bool has_job_token() const override { return true; }
    std::string variable_file(ShellWriter& writer, std::string_view key) const override;
    void trust_project(ShellWriter& writer) const override;
    [[nodiscard]] bool keeps_repository() const override { return true; }
    void remove_project(ShellWriter& writer) const override;
    void include_config(ShellWriter& writer) const override;
    void check_out(ShellWriter& writer, const std::string& sha) const override;
    void bring_large_files(ShellWriter& writer) const override;
    void clean_submodules(ShellWriter& writer) const override;
    void begin_submodules(ShellWriter& writer) const override;
    void end_submodules(ShellWriter& writer, std::string_view recursive) const override;

  private:
    [[nodiscard]] std::string config_file() const;

    const ScriptContext& context_;
};

/// On the daemon's host, for an image without git, in directories that are new. The variables of
/// the job are not set there and no files are laid out, except those of submodules. The host's git
/// has the include of the configuration in its own ~/.gitconfig.
class HostGit final : public GitLocation {
  public:
    HostGit(const ScriptContext& context, GitDirectories directories);

    [[nodiscard]] GitDirectories directories() const override { return directories_; }
    [[nodiscard]] bool has_job_token() const override { return false; }
    std::string variable_file(ShellWriter& writer, std::string_view key) const override;
    void trust_project(ShellWriter& writer) const override;
    [[nodiscard]] bool keeps_repository() const override { return false; }
    void remove_project(ShellWriter& writer) const override;
    void include_config(ShellWriter& writer) const override;
    void check_out(ShellWriter& writer, const std::string& sha) const override;
    void bring_large_files(ShellWriter& writer) const override;
    void clean_submodules(ShellWriter& writer) const override;
    void begin_submodules(ShellWriter& writer) const override;
    void end_submodules(ShellWriter& writer, std::string_view recursive) const override;

  private:
    const ScriptContext& context_;
    GitDirectories directories_;
};

}  // namespace runner::script
