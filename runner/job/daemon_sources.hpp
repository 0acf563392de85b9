#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/job/sources.hpp"
#include "runner/script/git_location.hpp"

namespace runner::job {

struct SourcesRequest {
    /// Private to the object, which makes it and removes it.
    std::filesystem::path directory;
    /// SplitSources::host for DaemonSources::git_directories(directory).
    std::string script;
    /// The project's directory in the environment: the log names it instead of that on the host.
    std::string project;
    /// The file with credentials that git in the environment includes, a path there.
    std::string git_config;
};

/// The sources for an image that has no git. The daemon runs the script of get_sources on its host
/// and hands out tars: the files of the project, the files of each submodule, and at the end the
/// repository, for programs that read it and for a git that the job's script installs.
///
/// The repository is not trusted. The project's files are never checked out on the host. Those of
/// submodules are, but without symbolic links, because git needs a work tree for them. No hook runs
/// and no filter is configured. Git speaks only HTTP and its own protocol. Its process
/// environment has only PATH, the proxies and the system's certificates from the daemon's.
///
/// Life: fetch(), then next_archive(). Strand: the I/O thread. Failures: kNotFound when the host
/// has no git, kIo when its disk cannot hold the files.
class DaemonSources final : public Sources {
  public:
    explicit DaemonSources(SourcesRequest request);
    ~DaemonSources() override;
    DaemonSources(const DaemonSources&) = delete;
    DaemonSources& operator=(const DaemonSources&) = delete;

    /// Where the script of a request with this `directory` works.
    static script::GitDirectories git_directories(const std::filesystem::path& directory);

    base::Task<base::Result<int>> fetch(executors::JobLog& log) override;
    base::Result<std::optional<protocol::http::BodySource>> next_archive(
        const boost::asio::any_io_executor& executor) override;
    [[nodiscard]] std::string files() const override { return files_; }

  private:
    base::Result<void> make_directories();
    base::Result<void> finish_repositories() const;
    base::Result<base::SubprocessOptions> next_archiver();
    base::Task<base::Result<int>> run_script(executors::JobLog& log);
    base::Task<base::Result<void>> list_trees();
    base::Task<base::Result<std::string>> output_of(std::vector<std::string> arguments);
    void print_lines(executors::JobLog& log, std::string& text) const;
    [[nodiscard]] base::SubprocessOptions program(std::vector<std::string> arguments) const;
    [[nodiscard]] std::string home() const { return request_.directory / "home"; }

    SourcesRequest request_;
    script::GitDirectories git_;
    struct Tree {
        /// Of its files in the project, "" for the project's own.
        std::string path;
        std::string repository;
    };
    std::vector<Tree> trees_;
    /// trees_.size() stands for the tar of the repositories.
    std::size_t next_tree_ = 0;
    std::string files_;
    std::unique_ptr<ProgramBody> archiver_;
};

}  // namespace runner::job
