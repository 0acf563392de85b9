#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/preparation_steps.hpp"
#include "executors/docker/pull_request.hpp"
#include "executors/docker/pull_tries.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// The pulls of one engine: one at a time for each image, platform and login.
///
/// Jobs that ask for what is being pulled with the same login wait for that pull. Its failure is
/// theirs. Its success is theirs when they need the image only; a job whose policy asks the
/// registry needs a pull that began after its request, so those who wait share the next one, which
/// finds all layers there. When the job that pulls is stopped, one of those who wait pulls. Jobs
/// with other logins know nothing of each other's pulls: each proves that it may have the image.
///
/// That an image does not exist, or is denied, is remembered for ten seconds: jobs that ask with
/// the same login meanwhile get the same answer, and a line that says so.
///
/// Life: as long as the engine's connection; what it is given outlives it. Strand: the I/O thread;
/// calls may overlap. Failures are those of PullTries.
class PullQueue {
  public:
    PullQueue(const boost::asio::any_io_executor& executor, EngineApi& api,
              PullRetries retries = {}, const base::Clock& clock = base::system_clock());
    ~PullQueue();
    PullQueue(const PullQueue&) = delete;
    PullQueue& operator=(const PullQueue&) = delete;

    /// Answers the name by which the engine knows the image. `steps` hears of a pull that this call
    /// carries out itself.
    base::Task<base::Result<std::string>> pull(PullRequest request, JobLog& log,
                                               PreparationSteps& steps);

  private:
    struct Flight;
    class Seat;
    struct Failure {
        base::Error error;
        std::int64_t job = 0;
        std::chrono::steady_clock::time_point when;
    };

    base::Task<base::Result<std::string>> carry_out(const PullRequest& request, Flight& flight,
                                                    PreparationSteps& steps);
    std::shared_ptr<Flight> flight_of(const std::string& key);
    /// The failure of a moment ago, told in `log`.
    const Failure* recent_failure(const std::string& key, const PullRequest& request, JobLog& log);
    void remember(const std::string& key, const PullRequest& request, const base::Error& error);

    boost::asio::any_io_executor executor_;
    const base::Clock& clock_;
    PullTries tries_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;  ///< by key_of(): those with seats
    std::map<std::string, Failure> failures_;                 ///< the same keys
};

}  // namespace executors::docker
