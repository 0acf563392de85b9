#include "runner/daemon/job_poller.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

bool has_request_slot(const RunnerEntry& entry) {
    const auto& runner = *entry.runner;
    const auto flag = runner.feature_flags.find("FF_USE_ADAPTIVE_REQUEST_CONCURRENCY");
    const bool adaptive = flag == runner.feature_flags.end() || flag->second;
    return entry.token_state->requests_in_flight <
           entry.token_state->adaptive.limit(runner.request_concurrency, adaptive);
}

gitlab::JobRequest request_body(const RunnerEntry& entry, const std::string& system_id) {
    gitlab::JobRequest body;
    body.token = entry.runner->token;
    body.system_id = system_id;
    body.info = runner_info(*entry.config, *entry.runner);
    return body;
}

base::Task<base::Result<gitlab::JobRequestAnswer>> request_job(
    std::shared_ptr<gitlab::JobsApi> jobs, gitlab::JobRequest body) {
    auto answer = co_await jobs->request_job(std::move(body));
    co_return std::move(answer);
}

}  // namespace

JobPoller::JobPoller(const boost::asio::any_io_executor& executor, std::string system_id, Host host)
    : system_id_(std::move(system_id)),
      host_(std::move(host)),
      changed_(executor),
      requests_(executor) {}

void JobPoller::configure(std::vector<std::shared_ptr<RunnerEntry>> entries, int concurrent,
                          std::chrono::nanoseconds check_interval) {
    entries_ = std::move(entries);
    concurrent_ = concurrent;
    check_interval_ = check_interval;
    health_.clear();
    for (const auto& entry : entries_) entry->token_state->resting_until.reset();
    changed_.notify_all();
}

bool JobPoller::has_room() const {
    return host_.running_jobs() + requests_under_way() < concurrent_;
}

base::Task<void> JobPoller::run() {
    Clock::time_point due = Clock::now();
    while (!stopped_) {
        if (entries_.empty() || !has_room()) {
            co_await changed_.wait();
            continue;
        }
        if (std::exchange(ask_now_, false)) offer_all();
        const auto left = due - Clock::now();
        if (left <= left.zero()) {
            next_ %= entries_.size();
            offer(entries_[next_++]);
            due = Clock::now() + check_interval_ / static_cast<std::int64_t>(entries_.size());
        } else if (std::exchange(job_ended_, false)) {
            // Behind the entry whose turn it is: a runner with a long queue must not keep the
            // others from being asked.
            offer_before_the_interval();
        } else {
            co_await changed_.wait_for(left);
        }
    }
}

/// There is room again. The interval spares a server that has no jobs; one that holds requests is
/// spared already, and one that has just given a job probably has another.
void JobPoller::offer_before_the_interval() {
    const auto entries = entries_;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& entry = entries[(next_ + i) % entries.size()];
        const TokenState& state = *entry->token_state;
        const bool likely = state.server_holds_requests || state.last_answer_was_a_job;
        if (likely && !entry->runner->strict_check_interval) offer(entry);
    }
}

void JobPoller::offer_all() {
    const auto entries = entries_;
    for (const auto& entry : entries) offer(entry);
}

void JobPoller::cancel_paused_requests() {
    for (UnderWay& request : under_way_) {
        if (host_.paused(*request.entry)) request.stop.request(base::StopReason::kShutdown);
    }
}

bool JobPoller::is_healthy(const RunnerEntry& entry) {
    const auto& runner = *entry.runner;
    return can_run_jobs(runner) && health_.may_ask(entry.key, runner.unhealthy_requests_limit,
                                                   runner.unhealthy_interval, Clock::now());
}

bool JobPoller::limit_reached(const RunnerEntry& entry) const {
    const auto& runner = *entry.runner;
    if (runner.limit <= 0) return false;
    const int running = host_.running_jobs_of(config::runner_identity(runner));
    if (running + entry.token_state->requests_in_flight < runner.limit) return false;
    base::log::debug("The runner's limit is reached", {{"runner", entry.short_token}});
    return true;
}

/// A place is left for each of the other entries that is not asking, and one at least: the entry
/// whose request becomes a job asks again.
bool JobPoller::may_be_held(const RunnerEntry& entry) const {
    bool alone = true;
    int not_asking = 0;
    for (const auto& other : entries_) {
        const bool same = other->token_state == entry.token_state;
        if (same || !can_run_jobs(*other->runner) || host_.paused(*other)) continue;
        alone = false;
        if (other->token_state->requests_in_flight == 0) ++not_asking;
    }
    const int free = concurrent_ - host_.running_jobs() - requests_under_way();
    return alone || free >= std::max(1, not_asking);
}

void JobPoller::offer(const std::shared_ptr<RunnerEntry>& entry) {
    if (stopped_ || !has_room() || host_.paused(*entry)) return;
    if (!is_healthy(*entry)) return host_.fed(*entry, status::Feed::kUnhealthy);
    const bool limited = limit_reached(*entry);
    const bool slot = limited || has_request_slot(*entry);
    host_.fed(*entry, slot ? status::Feed::kOffered : status::Feed::kNoRequestSlot);
    if (!limited && slot) requests_.spawn("request a job", request(entry));
}

base::Task<gitlab::JobRequestAnswer> JobPoller::ask(std::shared_ptr<RunnerEntry> entry) {
    struct Under {
        std::list<UnderWay>& all;
        std::list<UnderWay>::iterator place;
        ~Under() {
            --place->entry->token_state->requests_in_flight;
            all.erase(place);
        }
    };
    ++entry->token_state->requests_in_flight;
    UnderWay& mine = under_way_.emplace_back();
    mine.entry = entry;
    const Under under{under_way_, std::prev(under_way_.end())};
    gitlab::JobRequest body = request_body(*entry, system_id_);
    body.may_be_held = may_be_held(*entry);
    auto asking = request_job(entry->jobs, std::move(body));
    auto outcome = co_await base::run_stoppable<gitlab::JobRequestAnswer>(
        &mine.stop, std::move(asking), std::nullopt);
    if (outcome) co_return std::move(*outcome);
    gitlab::JobRequestAnswer none;
    none.outcome = gitlab::JobRequestOutcome::kCancelled;
    none.message = outcome.error().message;
    co_return none;
}

base::Task<void> JobPoller::request(std::shared_ptr<RunnerEntry> entry) {
    const auto begin = Clock::now();
    auto answer = co_await ask(entry);
    judge(*entry, answer);
    const bool got_job = answer.outcome == gitlab::JobRequestOutcome::kJob;
    entry->token_state->last_answer_was_a_job = got_job;
    const bool again = got_job || entry->token_state->ends_a_hold(
                                      answer.held, Clock::now() - begin < check_interval_);
    if (got_job) host_.accept(entry, std::move(answer));
    changed_.notify_all();
    if (again && !entry->runner->strict_check_interval) offer(entry);
}

void JobPoller::judge(const RunnerEntry& entry, const gitlab::JobRequestAnswer& answer) {
    using Outcome = AdaptiveRequestLimit::Outcome;
    const auto& runner = *entry.runner;
    const bool got_job = answer.outcome == gitlab::JobRequestOutcome::kJob;
    const Outcome outcome = answer.retriable_seen ? Outcome::kServerTrouble
                            : got_job             ? Outcome::kJob
                                                  : Outcome::kNoJob;
    entry.token_state->adaptive.record(outcome, runner.request_concurrency);
    host_.observe(entry, answer);
    if (answer.outcome == gitlab::JobRequestOutcome::kCancelled) return;
    if (answer.healthy()) {
        health_.record_healthy(entry.key, Clock::now());
        entry.token_state->resting_until.reset();
        log_availability(entry, answer);
        return;
    }
    base::log::error(
        "Checking for jobs... forbidden",
        {{"runner", entry.short_token}, {"runner_name", runner.name}, {"status", answer.message}});
    const bool rests = health_.record_unhealthy(entry.key, runner.unhealthy_requests_limit);
    entry.token_state->resting_until = health_.resting_until(
        entry.key, runner.unhealthy_requests_limit, runner.unhealthy_interval, Clock::now());
    if (rests) {
        base::log::error(
            "The runner is unhealthy and will be left alone for a while: check its token with "
            "`runner verify`",
            {{"runner", entry.short_token}, {"runner_name", runner.name}, {"url", runner.url}});
    }
}

/// A server that is away for a night must not fill the log.
void JobPoller::log_availability(const RunnerEntry& entry, const gitlab::JobRequestAnswer& answer) {
    const std::string& name = entry.runner->name;
    if (answer.outcome != gitlab::JobRequestOutcome::kFailed) {
        if (const auto times = failures_.succeeded(entry.key)) {
            base::log::info(
                "The server answers again",
                {{"runner", entry.short_token}, {"runner_name", name}, {"failures", *times}});
        }
        return;
    }
    if (const auto times = failures_.failed(entry.key, answer.message, Clock::now())) {
        base::log::warning("Checking for jobs... failed", {{"runner", entry.short_token},
                                                           {"runner_name", name},
                                                           {"status", answer.message},
                                                           {"failures", *times}});
    }
}

void JobPoller::stop() {
    stopped_ = true;
    changed_.notify_all();
}

base::Task<void> JobPoller::drain() { co_await requests_.wait(); }

}  // namespace runner::daemon
