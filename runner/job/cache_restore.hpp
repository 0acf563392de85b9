#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/cache_steps.hpp"

namespace runner::job {

/// Restores the job's caches from an object storage (job-runtime.md §6). The bytes pass through the
/// daemon into the cache directory of the environment, where the supervisor unpacks them; a copy
/// there that is the object already is not fetched again.
///
/// Where the storage fails, the copy on this host is used, and the job's log says so. Where it has
/// no object, a copy is used that it never had (it was too large, or its upload failed), and no
/// other: who removed the object wanted the cache to be gone.
///
/// Life, strand: CacheSteps. Restart: Checkpoint::part is the index of the cache to continue with.
/// Failures: a cache that cannot be restored does not fail the stage; an error is returned after a
/// stop, when the job's time is over, and for a policy that does not exist.
class CacheRestore {
  public:
    CacheRestore(JobContext& context, CacheSteps& steps) : context_(context), steps_(steps) {}

    base::Task<StageResult> run();

  private:
    using Cache = protocol::gitlab::Cache;
    using Name = CacheSteps::Name;

    base::Task<base::Result<void>> restore(const Cache& cache);
    base::Task<base::Result<void>> restore_first(std::vector<Name> names);
    /// False when the cache could not be restored.
    base::Task<base::Result<bool>> restore_name(const Name& name);
    base::Task<base::Result<bool>> restore_object(const Name& name, cache::StoredObject found);
    base::Task<base::Result<bool>> restore_without(const Name& name, base::Error why);
    base::Task<base::Result<void>> fetch(const Name& name, cache::StoredObject found);

    JobContext& context_;
    CacheSteps& steps_;
    std::uint64_t bytes_ = 0;  ///< of the object that was restored last
};

}  // namespace runner::job
