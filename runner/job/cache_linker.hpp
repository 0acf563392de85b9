#pragma once

#include "base/task.hpp"
#include "runner/job/cache_steps.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/script/cache_links.hpp"

namespace runner::job {

/// Makes the addresses with which the programs of a driver's environment reach the object storage
/// of caches: the daemon cannot move bytes to a place that it does not know.
///
/// Life, strand: CacheSteps. A cache without an address stays in the environment; the job's log has
/// the reason.
class CacheLinker {
  public:
    CacheLinker(JobContext& context, CacheSteps& steps) : context_(context), steps_(steps) {}

    /// Empty for a stage that is not about caches, and where there is no object storage.
    base::Task<script::CacheLinks> for_stage(const PlannedStage& stage);

  private:
    base::Task<script::CacheLinks> for_restoring();
    base::Task<script::CacheLinks> for_saving(bool success);
    using Name = script::CacheWriter::Name;

    /// False when no further address can be made.
    base::Task<bool> add(cache::LinkPurpose purpose, Name name, script::CacheLinks& links);

    JobContext& context_;
    CacheSteps& steps_;
};

}  // namespace runner::job
