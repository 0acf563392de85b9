#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/image_turns.hpp"
#include "executors/docker/preparation_steps.hpp"
#include "executors/docker/pull_failures.hpp"
#include "executors/docker/pull_request.hpp"
#include "executors/docker/pull_tries.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// The pulls of one engine: one at a time for each image and platform. Whoever needs an image of a
/// registry on the engine pulls it here. What the engine did not have is told to EngineUsage, so
/// that it can be removed when nobody uses it any more.
///
/// Jobs that ask for what is being pulled with the same login wait for that pull. Its failure is
/// theirs. Its success is theirs when they need the image only; a job whose policy asks the
/// registry needs a pull that began after its request, so those who wait share the next one, which
/// finds all layers there. When the job that pulls is stopped, one of those who wait pulls. Jobs
/// with other logins wait, too, and then pull for themselves: the registry decides about each
/// login, and their pulls find all layers there.
///
/// That a pull failed is remembered for ten seconds (PullFailures): jobs that ask meanwhile get the
/// same answer, and a line that says so.
///
/// Life: as long as the engine's connection; what it is given outlives it. Strand: the I/O thread;
/// calls may overlap. Failures are those of PullTries.
class PullQueue {
  public:
    PullQueue(const boost::asio::any_io_executor& executor, EngineApi& api, EngineUsage& usage,
              PullRetries retries = {}, const base::Clock& clock = base::system_clock());
    ~PullQueue();
    PullQueue(const PullQueue&) = delete;
    PullQueue& operator=(const PullQueue&) = delete;

    /// Answers the image as the engine knows it then. `steps` hears of a pull that this call
    /// carries out itself.
    base::Task<base::Result<ImageInfo>> pull(PullRequest request, JobLog& log,
                                             PreparationSteps& steps);

  private:
    struct Flight;
    class Seat;

    /// Pulls when its turn comes, for all with this login.
    base::Task<base::Result<ImageInfo>> lead(const PullRequest& request, const PullKeys& keys,
                                             Flight& flight, JobLog& log, PreparationSteps& steps);
    base::Task<base::Result<ImageInfo>> carry_out(const PullRequest& request, const PullKeys& keys,
                                                  ImageTurn& turn, Flight& flight,
                                                  PreparationSteps& steps);
    /// What the engine has after a pull.
    base::Task<base::Result<ImageInfo>> look_at(const PullRequest& request, std::string name);
    std::shared_ptr<Flight> flight_of(const std::string& key);
    /// The failure of a moment ago, told in `log`; null for none.
    const base::Error* recent_failure(const PullKeys& keys, const PullRequest& request,
                                      JobLog& log) const;

    boost::asio::any_io_executor executor_;
    EngineApi& api_;
    EngineUsage& usage_;
    const base::Clock& clock_;
    PullTries tries_;
    ImageTurns turns_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;  ///< by login: those with seats
    PullFailures failures_;
};

}  // namespace executors::docker
