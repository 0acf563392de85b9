#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/job/sources.hpp"
#include "runner/script/git_location.hpp"

namespace runner::job {

struct SourcesRequest {
    std::filesystem::path directory;  ///< private; made, and removed with the object
    std::string script;               ///< SplitSources::host for DaemonSources::place(directory)
    std::string project;              ///< what the log calls the place of the files
    std::string git_config;           ///< what git in the environment is to include: credentials
};

/// The sources for an image that has no git: the script of get_sources, carried out by the daemon
/// on the host, and the trees handed out as tars, the project's first and then its submodules',
/// and at last the repository, for what reads it by itself or for a git that a script installs.
///
/// The repository is not trusted. Its own files are never laid out on the host; those of
/// submodules are, without links, because git wants a work tree for them. No hook runs, no filter
/// is configured, nothing but HTTP and git's own protocol is spoken, and the environment has
/// nothing of the daemon's but PATH, proxies and the system's certificates.
///
/// Life: fetch(), then next_archive(). Strand: the I/O thread. Failures: kNotFound when the host
/// has no git, kIo when its disk does not take the files.
class DaemonSources final : public Sources {
  public:
    explicit DaemonSources(SourcesRequest request);
    ~DaemonSources() override;
    DaemonSources(const DaemonSources&) = delete;
    DaemonSources& operator=(const DaemonSources&) = delete;

    static script::GitDirectories git_directories(const std::filesystem::path& directory);

    base::Task<base::Result<int>> fetch(executors::JobLog& log) override;
    base::Result<std::optional<protocol::http::BodySource>> next_archive(
        const boost::asio::any_io_executor& executor) override;
    [[nodiscard]] std::string files() const override { return files_; }

  private:
    base::Result<void> make_directories();
    base::Result<void> ready_repositories() const;
    base::Result<base::SubprocessOptions> next_archiver();
    base::Task<base::Result<int>> run_script(executors::JobLog& log);
    base::Task<base::Result<void>> look_around();
    base::Task<base::Result<std::string>> ask(std::vector<std::string> arguments);
    void print_lines(executors::JobLog& log, std::string& text) const;
    [[nodiscard]] base::SubprocessOptions program(std::vector<std::string> arguments) const;
    [[nodiscard]] std::string home() const { return request_.directory / "home"; }

    SourcesRequest request_;
    script::GitDirectories git_;
    struct Tree {
        std::string path;  ///< of its files in the project, "" for the project's own
        std::string repository;
    };
    std::vector<Tree> trees_;
    std::size_t next_tree_ = 0;  ///< behind the last: the repositories
    std::string files_;
    std::unique_ptr<ProgramBody> archiver_;
};

}  // namespace runner::job
