#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/job/sources.hpp"

namespace runner::job {

struct SourcesRequest {
    std::filesystem::path directory;  ///< private; made, and removed with the object
    std::string url_with_credentials;
    std::vector<std::string> refspecs;
    std::string sha;
    std::string ref;
    std::string object_format;
    std::int64_t depth = 0;
    std::string ca_file_content;  ///< PEM, "" for none
};

/// The sources for an image that has no git: fetched by the daemon into a bare repository of its
/// own and handed out as a tar of the commit's tree. No file of the repository is ever laid out on
/// the host, so nothing in it (links, names with "..") can reach the host's files.
///
/// Life: fetch(), then archive() once. Strand: the I/O thread. Failures: kNotFound when the host
/// has no git or the commit is not there, kUnavailable with git's own words for a fetch that
/// failed.
class DaemonSources final : public Sources {
  public:
    explicit DaemonSources(SourcesRequest request) : request_(std::move(request)) {}
    ~DaemonSources() override;
    DaemonSources(const DaemonSources&) = delete;
    DaemonSources& operator=(const DaemonSources&) = delete;

    base::Task<base::Result<void>> fetch(executors::JobLog& log) override;
    base::Result<protocol::http::BodySource> archive(
        const boost::asio::any_io_executor& executor) override;

  private:
    base::Result<void> write_config();
    base::Task<base::Result<void>> git(std::vector<std::string> arguments, executors::JobLog* log);
    [[nodiscard]] std::vector<std::string> environment() const;

    SourcesRequest request_;
    std::unique_ptr<ProgramBody> archiver_;
};

}  // namespace runner::job
