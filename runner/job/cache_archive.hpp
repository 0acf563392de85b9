#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/cache_steps.hpp"
#include "runner/job/stage_plan.hpp"

namespace runner::job {

/// Saves the job's caches into an object storage (job-runtime.md §6): the supervisor packs each
/// into the cache directory of the environment, and the daemon sends the archive from there. What
/// has not changed since it was sent or fetched is not sent again.
///
/// Life, strand: CacheSteps. Restart: Checkpoint::part is the index of the cache to continue with.
/// Failures: a cache that cannot be saved does not fail the stage; errors as CacheRestore.
class CacheArchive {
  public:
    CacheArchive(JobContext& context, CacheSteps& steps) : context_(context), steps_(steps) {}

    base::Task<StageResult> run(const PlannedStage& stage);

  private:
    using Cache = protocol::gitlab::Cache;
    using Name = CacheSteps::Name;

    base::Task<base::Result<void>> archive(const Cache& cache);
    /// False when the cache could not be saved.
    base::Task<base::Result<bool>> save(const Cache& cache, const Name& name);
    base::Task<base::Result<bool>> send_if_missing(const Name& name);
    base::Task<base::Result<bool>> send(const Name& name);
    base::Task<base::Result<std::uint64_t>> size_of(const Name& name);
    base::Task<base::Result<bool>> send_archive(const Name& name, std::uint64_t bytes);
    base::Result<bool> failed(const base::Error& error);
    [[nodiscard]] std::int64_t limit_bytes();
    void tell(std::string_view result, std::uint64_t bytes = 0);

    JobContext& context_;
    CacheSteps& steps_;
    std::uint64_t bytes_ = 0;  ///< of the archive that was written last
};

}  // namespace runner::job
