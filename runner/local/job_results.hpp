#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/local/artifact_store.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

/// What the jobs of one pipeline leave for later ones: archives, dotenv variables, and files for
/// dynamic child pipelines. Of a job that was retried, the last run counts.
///
/// Strand: the I/O thread. `pipeline` and `store` outlive it.
class JobResults {
  public:
    JobResults(const pipeline::plan::Pipeline& pipeline, ArtifactStore& store)
        : pipeline_(pipeline), store_(store) {}

    /// A run of the job at `position` begins; `job_id` is that of its payload.
    void begin_run(std::size_t position, std::int64_t job_id) { last_runs_[position] = job_id; }

    /// The archives that the job at `position` downloads.
    [[nodiscard]] std::vector<protocol::gitlab::Dependency> dependencies_of(
        std::size_t position) const;
    /// The variables that it gets from dotenv reports. Failures name the job that wrote the report.
    [[nodiscard]] base::Result<std::vector<pipeline::variables::Variable>> inherited_variables(
        std::size_t position) const;
    /// One file of the artifacts of a job, for `trigger:include:artifact`. kNotFound when the job
    /// has not run, or has no such file.
    base::Task<base::Result<std::string>> read_file(boost::asio::any_io_executor executor,
                                                    const std::string& job, std::string path);

  private:
    struct EarlierRun {
        std::string name;
        std::int64_t id;
    };
    /// The runs whose results the job at `position` gets, in the pipeline's order.
    [[nodiscard]] std::vector<EarlierRun> earlier_runs(std::size_t position) const;

    const pipeline::plan::Pipeline& pipeline_;
    ArtifactStore& store_;
    std::map<std::size_t, std::int64_t> last_runs_;  ///< payload ids, by the job's position
};

}  // namespace runner::local
