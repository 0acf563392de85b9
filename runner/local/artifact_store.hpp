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

/// The artifacts of the jobs of one call: what GitLab keeps for a pipeline on a server.
///
/// Life: for the time of the call; the files lie below `directory`, whose owner removes it. Strand:
/// the I/O thread.
class ArtifactStore {
  public:
    struct Kept {
        std::string name;  ///< "artifacts.zip"
        std::uint64_t bytes = 0;
        std::filesystem::path path;
    };

    explicit ArtifactStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// One file for each type of artifact of a job; a second one of the same type replaces the
    /// first.
    base::Task<base::Result<void>> keep(std::int64_t job_id, job::ArtifactFile file);
    /// What was kept turned out to be worth nothing.
    void drop(std::int64_t job_id, const std::string& type);
    /// `type` is GitLab's: "archive", "dotenv". Null when the job has none; valid until the next
    /// keep().
    [[nodiscard]] const Kept* find(std::int64_t job_id, const std::string& type) const;
    /// kNotFound when the job has no archive.
    [[nodiscard]] base::Result<protocol::http::BodySource> open_archive(std::int64_t job_id) const;
    /// The text of a report that is kept as gzip, "" when the job has none. `limit`: bytes that are
    /// unpacked.
    [[nodiscard]] base::Result<std::string> read_report(std::int64_t job_id,
                                                        const std::string& type,
                                                        std::size_t limit) const;

    /// One file out of the archive of a job. kNotFound when the job has none, or the archive has no
    /// such file.
    base::Task<base::Result<std::string>> read_member(boost::asio::any_io_executor executor,
                                                      std::int64_t job_id, std::string path);

  private:
    std::filesystem::path directory_;
    int reads_ = 0;  ///< several may be under way at once, each in a directory of its own
    std::map<std::int64_t, std::map<std::string, Kept>> kept_;
};

}  // namespace runner::local
