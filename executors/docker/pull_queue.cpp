#include "executors/docker/pull_queue.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.hpp"
#include "base/notifier.hpp"
#include "executors/docker/busy_flag.hpp"
#include "executors/docker/shared_log.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

constexpr std::chrono::seconds kFailureCounts{10};

/// Equal for requests that one pull can answer.
std::string key_of(const PullRequest& request) {
    std::string key = request.image + "\n" + request.tag + "\n" + request.platform;
    for (const auto& source : request.sources) {
        key += "\n" + source.name;
        if (!source.auth.empty()) key += " " + base::sha256_hex(source.auth.reveal());
    }
    return key;
}

std::string job_name(std::int64_t job) {
    return job == 0 ? "the runner itself" : "job " + std::to_string(job);
}

}  // namespace

/// The pulls of one key, one after another, as long as somebody wants them.
struct PullQueue::Flight {
    explicit Flight(const boost::asio::any_io_executor& executor) : changed(executor) {}

    bool running = false;
    std::int64_t job = 0;     ///< whose pull runs
    std::uint64_t begun = 0;  ///< how many pulls have begun
    std::uint64_t ended = 0;  ///< the number of the pull with this outcome
    std::optional<Result<std::string>> outcome;
    SharedLog log;
    base::Notifier changed;
};

/// The place of one request in a flight, for the time of a scope. Life: shorter than the queue's.
class PullQueue::Seat {
  public:
    Seat(PullQueue& queue, std::string key, const PullRequest& request, JobLog& log)
        : queue_(queue), key_(std::move(key)), flight_(queue.flight_of(key_)), log_(log) {
        flight_->log.add(log_);
        const bool joins = flight_->running;
        // A job that asks twice at once (a service with the job's own image) proves itself once.
        const bool any = joins && (!request.fresh || flight_->job == request.job);
        first_failure_ = flight_->begun + (joins ? 0 : 1);
        first_success_ = flight_->begun + (any ? 0 : 1);
    }
    ~Seat() {
        flight_->log.remove(log_);
        if (flight_->log.empty()) queue_.flights_.erase(key_);
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    [[nodiscard]] Flight& flight() const { return *flight_; }
    /// Whether the last pull that ended answers this request.
    [[nodiscard]] bool is_answered() const {
        const auto& outcome = flight_->outcome;
        if (!outcome) return false;
        return flight_->ended >= (outcome->has_value() ? first_success_ : first_failure_);
    }

  private:
    PullQueue& queue_;
    std::string key_;
    std::shared_ptr<Flight> flight_;
    JobLog& log_;
    std::uint64_t first_failure_ = 0;  ///< the number of the first pull whose failure counts
    std::uint64_t first_success_ = 0;
};

PullQueue::PullQueue(const boost::asio::any_io_executor& executor, EngineApi& api,
                     PullRetries retries, const base::Clock& clock)
    : executor_(executor), clock_(clock), tries_(api, retries, clock) {}

PullQueue::~PullQueue() = default;

Task<Result<std::string>> PullQueue::pull(PullRequest request, JobLog& log,
                                          PreparationSteps& steps) {
    const std::string key = key_of(request);
    if (const Failure* failure = recent_failure(key, request, log)) co_return failure->error;
    const Seat seat(*this, key, request, log);
    Flight& flight = seat.flight();
    bool told = false;
    while (flight.running && !seat.is_answered()) {
        if (!told) {
            log.print("Waiting for the pull of " + request.image + " by " + job_name(flight.job) +
                      " ...");
        }
        told = true;
        co_await flight.changed.wait();
    }
    if (seat.is_answered()) co_return *flight.outcome;
    const std::string platform =
        request.platform.empty() ? "" : " for platform " + request.platform;
    log.print("Pulling docker image " + request.image + platform + " ...");
    const BusyFlag busy(flight.running, flight.changed);
    auto pulled = co_await carry_out(request, flight, steps);
    if (!pulled) remember(key, request, pulled.error());
    co_return pulled;
}

Task<Result<std::string>> PullQueue::carry_out(const PullRequest& request, Flight& flight,
                                               PreparationSteps& steps) {
    const std::uint64_t number = ++flight.begun;
    flight.job = request.job;
    const auto begin = std::chrono::steady_clock::now();
    auto pulled = co_await tries_.pull(request, flight.log);
    const auto time = std::chrono::steady_clock::now() - begin;
    if (!pulled && pulled.error().is(base::ErrorKind::kCancelled)) co_return pulled.error();
    steps.pulled({.done = pulled.has_value(),
                  .duration = std::chrono::duration_cast<std::chrono::microseconds>(time),
                  .bytes = pulled ? pulled->bytes : 0});
    flight.ended = number;
    if (pulled) {
        flight.outcome = Result<std::string>(pulled->name);
    } else {
        flight.outcome = Result<std::string>(pulled.error());
    }
    co_return *flight.outcome;
}

std::shared_ptr<PullQueue::Flight> PullQueue::flight_of(const std::string& key) {
    auto& flight = flights_[key];
    if (!flight) flight = std::make_shared<Flight>(executor_);
    return flight;
}

const PullQueue::Failure* PullQueue::recent_failure(const std::string& key,
                                                    const PullRequest& request, JobLog& log) {
    const auto found = failures_.find(key);
    if (request.again || found == failures_.end()) return nullptr;
    const auto age = clock_.now() - found->second.when;
    if (age >= kFailureCounts) return nullptr;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
    log.print("Not pulling " + request.image + ": the registry refused it " +
              std::to_string(seconds) + " s ago, with the same login, for " +
              job_name(found->second.job));
    return &found->second;
}

void PullQueue::remember(const std::string& key, const PullRequest& request,
                         const base::Error& error) {
    const auto now = clock_.now();
    std::erase_if(failures_,
                  [&](const auto& entry) { return now - entry.second.when >= kFailureCounts; });
    if (error.pull_failure != base::PullFailure::kConfiguration || is_transient(error)) return;
    failures_.insert_or_assign(key, Failure{error, request.job, now});
}

}  // namespace executors::docker
