#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"
#include "runner/job/job_channel.hpp"

namespace runner::local {

/// Keeps the artifacts of the jobs of one `runner exec`, as GitLab does for a pipeline on a server.
///
/// The files lie below `directory`, whose owner removes it. Strand: the I/O thread.
class ArtifactStore {
  public:
    struct Kept {
        std::string name;  ///< "artifacts.zip"
        std::uint64_t bytes = 0;
        std::filesystem::path path;
    };

    explicit ArtifactStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// Keeps one file for each type of artifact of a job; a second one of the same type replaces
    /// the first. kIo when it cannot be written, and the failures of its source.
    base::Task<base::Result<void>> keep(std::int64_t job_id, job::ArtifactFile file);
    /// Forgets an artifact, because its content is not valid.
    void drop(std::int64_t job_id, const std::string& type);
    /// `type` is GitLab's artifact type: "archive", "dotenv". Null when the job has none; valid
    /// until the next keep().
    [[nodiscard]] const Kept* find(std::int64_t job_id, const std::string& type) const;
    /// kNotFound when the job has no archive.
    [[nodiscard]] base::Result<protocol::http::BodySource> open_archive(std::int64_t job_id) const;
    /// The text of a report that is kept as gzip, "" when the job has none. kInvalidInput for one
    /// that is damaged or has more than `limit` unpacked bytes.
    [[nodiscard]] base::Result<std::string> read_report(std::int64_t job_id,
                                                        const std::string& type,
                                                        std::size_t limit) const;

    /// Reads one file of the archive of a job, through runner-helper. kNotFound when the job has no
    /// archive, or the archive has no such file.
    base::Task<base::Result<std::string>> read_member(boost::asio::any_io_executor executor,
                                                      std::int64_t job_id, std::string path);

  private:
    std::filesystem::path directory_;
    int reads_ = 0;  ///< numbers the directories of read_member(): several may run at once
    std::map<std::int64_t, std::map<std::string, Kept>> kept_;
};

}  // namespace runner::local
