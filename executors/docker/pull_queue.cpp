#include "executors/docker/pull_queue.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "base/notifier.hpp"
#include "executors/docker/busy_flag.hpp"
#include "executors/docker/shared_log.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

std::string job_name(std::int64_t job) {
    return job == 0 ? "the runner itself" : "job " + std::to_string(job);
}

}  // namespace

/// The pulls with one login, one after another, as long as somebody wants them.
struct PullQueue::Flight {
    explicit Flight(const boost::asio::any_io_executor& executor) : changed(executor) {}

    bool led = false;         ///< a job waits for its turn, or pulls
    std::int64_t job = 0;     ///< which one
    bool pulling = false;     ///< it has its turn
    std::uint64_t begun = 0;  ///< how many pulls have begun
    std::uint64_t ended = 0;  ///< the number of the pull with this outcome
    std::optional<Result<ImageInfo>> outcome;
    SharedLog log;
    base::Notifier changed;
};

/// The place of one request in a flight, for the time of a scope. Life: shorter than the queue's.
class PullQueue::Seat {
  public:
    Seat(PullQueue& queue, std::string key, const PullRequest& request, JobLog& log)
        : queue_(queue), key_(std::move(key)), flight_(queue.flight_of(key_)), log_(log) {
        flight_->log.add(log_);
        const bool joins = flight_->pulling;
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
                     EngineUsage& usage, PullRetries retries, const base::Clock& clock)
    : executor_(executor),
      api_(api),
      usage_(usage),
      clock_(clock),
      tries_(api, retries, clock),
      turns_(executor) {}

PullQueue::~PullQueue() = default;

Task<Result<ImageInfo>> PullQueue::pull(PullRequest request, JobLog& log, PreparationSteps& steps) {
    const PullKeys keys(request);
    if (const auto* failure = recent_failure(keys, request, log)) co_return *failure;
    const Seat seat(*this, keys.login, request, log);
    Flight& flight = seat.flight();
    bool told = false;
    while (flight.led && !seat.is_answered()) {
        if (!told) {
            log.print("Waiting for the pull of " + request.image + " by " + job_name(flight.job) +
                      " ...");
        }
        told = true;
        co_await flight.changed.wait();
    }
    if (seat.is_answered()) co_return *flight.outcome;
    const BusyFlag leads(flight.led, flight.changed);
    flight.job = request.job;
    auto pulled = co_await lead(request, keys, flight, log, steps);
    co_return pulled;
}

Task<Result<ImageInfo>> PullQueue::lead(const PullRequest& request, const PullKeys& keys,
                                        Flight& flight, JobLog& log, PreparationSteps& steps) {
    ImageTurn turn(turns_, keys.image, request.job);
    const auto other = turn.other();
    if (other) {
        log.print("Waiting for the end of the pull of " + request.image + " by " +
                  job_name(*other) + ", which has another login ...");
    }
    co_await turn.take();
    // Those who waited with another login must not repeat what fails for every login.
    if (const auto* failure = recent_failure(keys, request, log)) co_return *failure;
    const std::string platform =
        request.platform.empty() ? "" : " for platform " + request.platform;
    log.print("Pulling docker image " + request.image + platform + " ...");
    auto pulled = co_await carry_out(request, keys, turn, flight, steps);
    co_return pulled;
}

Task<Result<ImageInfo>> PullQueue::carry_out(const PullRequest& request, const PullKeys& keys,
                                             ImageTurn& turn, Flight& flight,
                                             PreparationSteps& steps) {
    const BusyFlag pulls(flight.pulling, flight.changed);
    const std::uint64_t number = ++flight.begun;
    const auto begin = std::chrono::steady_clock::now();
    auto pulled = co_await tries_.pull(request, turn, flight.log);
    const auto time = std::chrono::steady_clock::now() - begin;
    if (!pulled && pulled.error().is(base::ErrorKind::kCancelled)) co_return pulled.error();
    steps.pulled({.done = pulled.has_value(),
                  .duration = std::chrono::duration_cast<std::chrono::microseconds>(time),
                  .bytes = pulled ? pulled->bytes : 0});
    if (!pulled) {
        failures_.add(keys, request, pulled.error(), clock_.now());
        flight.ended = number;
        flight.outcome = Result<ImageInfo>(pulled.error());
        co_return pulled.error();
    }
    failures_.forget(keys);
    auto image = co_await look_at(request, pulled->name);
    if (!image && image.error().is(base::ErrorKind::kCancelled)) co_return image.error();
    flight.ended = number;
    flight.outcome = image;
    co_return image;
}

Task<Result<ImageInfo>> PullQueue::look_at(const PullRequest& request, std::string name) {
    auto image = co_await api_.inspect_image(std::move(name));
    if (!image || image->id == request.former_id) co_return image;
    usage_.note_pull(image->id, request.image);
    // An image that came by a mirror has the mirror's name, too.
    for (const auto& source : request.sources) {
        if (!source.mirror.empty()) usage_.note_pull(image->id, name_at(source, request));
    }
    co_return image;
}

std::shared_ptr<PullQueue::Flight> PullQueue::flight_of(const std::string& key) {
    auto& flight = flights_[key];
    if (!flight) flight = std::make_shared<Flight>(executor_);
    return flight;
}

const base::Error* PullQueue::recent_failure(const PullKeys& keys, const PullRequest& request,
                                             JobLog& log) const {
    if (request.again) return nullptr;
    const auto now = clock_.now();
    const auto* failure = failures_.find(keys, now);
    if (failure == nullptr) return nullptr;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - failure->when).count();
    log.print("Not pulling " + request.image + ": " + failure->reason + " " + std::to_string(age) +
              " s ago, " + (failure->same_login ? "with the same login, for " : "for ") +
              job_name(failure->job));
    return &failure->error;
}

}  // namespace executors::docker
