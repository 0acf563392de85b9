#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/image_turns.hpp"
#include "executors/docker/pull_request.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// What a pull has brought.
struct Pulled {
    std::uint64_t bytes = 0;  ///< PullProgress::bytes()
    std::string name;         ///< by which the engine knows the image now
};

/// Carries out pulls: the sources of an image one after another, and again what fails for the
/// moment. What a mirror gives gets the name that the job uses; by its digest it keeps the mirror's
/// name, because an engine gives no other name to a digest. A mirror that does not work is left out
/// for a minute.
///
/// Life: as long as the engine's connection; what it is given outlives it. Strand: the I/O thread;
/// calls may overlap. Failures: that of the last source, with Error::pull_failure set; kCancelled.
class PullTries {
  public:
    PullTries(EngineApi& api, PullRetries retries, const base::Clock& clock);

    /// `turn` is taken. It is given back for the pauses between two tries when another login may
    /// succeed meanwhile, and is taken or given back after a failure. `log` hears of each failure
    /// that is not the last.
    base::Task<base::Result<Pulled>> pull(const PullRequest& request, ImageTurn& turn, JobLog& log);

  private:
    base::Task<base::Result<Pulled>> pull_from_mirror(const PullRequest& request,
                                                      const PullSource& mirror);
    base::Task<base::Result<Pulled>> repeat(const PullRequest& request, ImageTurn& turn,
                                            JobLog& log);
    [[nodiscard]] bool is_left_out(const std::string& mirror) const;
    void note_failure(const PullRequest& request, const PullSource& mirror,
                      const base::Error& error, JobLog& log);
    [[nodiscard]] std::chrono::milliseconds pause_after(int attempt,
                                                        const base::Error& error) const;

    EngineApi& api_;
    PullRetries retries_;
    const base::Clock& clock_;
    std::map<std::string, std::chrono::steady_clock::time_point> left_out_;  ///< mirrors, until
};

/// The name that the image has by this source, with tag or digest.
std::string name_at(const PullSource& source, const PullRequest& request);
/// The failure with Error::pull_failure set.
base::Error classified(base::Error error);
/// Whether the engine answered a request, and so the failure is one of the pull. Otherwise the
/// engine could not be reached, or what answered is not an engine that works.
bool is_engine_answer(const base::Error& error);
/// Whether the same request may succeed a little later. `error` is classified.
bool is_transient(const base::Error& error);

}  // namespace executors::docker
