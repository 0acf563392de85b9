#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "executors/session/files_exit.hpp"
#include "runner/cache/remote_cache.hpp"
#include "runner/job/cache_report.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// What the restoring and the saving of caches in an object storage have in common: one script
/// after the other, the limit of a transfer, the names of objects.
///
/// Life: made after the environment; the constructor's arguments outlive it. Strand: the I/O
/// thread.
class CacheSteps {
  public:
    using Name = script::CacheWriter::Name;
    using FilesExit = executors::session::FilesExit;

    using Now = std::function<std::chrono::steady_clock::time_point()>;

    /// `now`: for the limit of a transfer.
    CacheSteps(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers,
               Now now = std::chrono::steady_clock::now);

    /// Null when caches stay on this host.
    [[nodiscard]] cache::RemoteCache* storage() const { return context_.setup.cache.get(); }
    [[nodiscard]] const script::CacheWriter& writer() const { return writers_.caches; }
    [[nodiscard]] executors::session::Session& session() const { return scripts_.session(); }
    [[nodiscard]] const std::string& user() const { return context_.executor().info().user; }

    /// Call it before the first script of the cache with the index `part`.
    void begin(std::size_t part);
    /// Runs a script of CacheWriter. An error is one that ends the stage.
    base::Task<base::Result<FilesExit>> run(std::string script);
    /// Runs a call of the storage, or of the session on its behalf, within CACHE_REQUEST_TIMEOUT.
    template <typename T>
    base::Task<base::Result<T>> transfer(base::Task<base::Result<T>> call) {
        auto result = co_await base::run_stoppable(&context_.stop, std::move(call), deadline_);
        if (!result) co_return explained(result.error());
        co_return std::move(result);
    }
    /// A line in yellow, as scripts write their warnings: without "WARNING: ", which tools that
    /// read logs do not expect in these lines.
    void warn(const std::string& text);
    /// What became of a cache, for the metrics. `result`: of CacheTransfer.
    void tell(CacheTransfer::Action action, std::string_view result, std::uint64_t bytes);
    /// Begins the time of a transfer.
    void start_clock();
    /// Whether `error` of a transfer is a stop, or the end of the job's time.
    [[nodiscard]] bool must_end(const base::Error& error);
    [[nodiscard]] std::string object_of(const Name& name) const;
    /// For the job's log.
    [[nodiscard]] std::string address(const std::string& object) const;

  private:
    [[nodiscard]] base::Error explained(base::Error error) const;

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
    const Now now_;
    std::size_t part_ = 0;
    std::size_t script_ = 0;  ///< of the part: how many have run
    int limit_minutes_ = 0;
    base::Deadline deadline_;
};

}  // namespace runner::job
