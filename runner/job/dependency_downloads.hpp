#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "runner/job/artifact_download.hpp"
#include "runner/job/held_log.hpp"

namespace runner::job {

/// Fetches the archives of earlier jobs some ahead of their turn, so that one is unpacked while
/// the next ones come. Each keeps its lines until its turn.
///
/// Life: take() for the dependencies in their order, end() last and always. The constructor's
/// arguments outlive it. Strand: the I/O thread.
class DependencyDownloads {
  public:
    DependencyDownloads(JobContext& context, ScriptRunner& scripts,
                        const script::JobScripts& writers);

    /// Returns when the archive of the payload's dependency `index` is in the environment.
    /// Failures: those of ArtifactDownload.
    base::Task<base::Result<void>> take(std::size_t index);
    /// Ends what is under way.
    base::Task<void> end();

  private:
    struct Fetch {
        Fetch(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers)
            : log(context.log()), download(context, scripts, writers, log) {}
        HeldLog log;
        ArtifactDownload download;
        std::optional<base::Result<void>> result;
    };

    void begin(std::size_t index);
    base::Task<void> run(std::size_t index, Fetch& fetch);

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
    std::map<std::size_t, std::unique_ptr<Fetch>> fetches_;
    std::size_t begun_ = 0;  ///< all before this one have begun
    base::Notifier changed_;
    base::TaskGroup group_;
};

}  // namespace runner::job
