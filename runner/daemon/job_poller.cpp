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

}  // namespace

JobPoller::JobPoller(const boost::asio::any_io_executor& executor, std::string system_id, Host host)
    : host_(std::move(host)),
      requests_(std::move(system_id), host_.observe, host_.open_session),
      changed_(executor),
      group_(executor) {}

void JobPoller::configure(std::vector<std::shared_ptr<RunnerEntry>> entries, int concurrent,
                          std::chrono::nanoseconds check_interval) {
    entries_ = std::move(entries);
    concurrent_ = concurrent;
    check_interval_ = check_interval;
    requests_.forget_health();
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

void JobPoller::cancel_paused_requests() { requests_.cancel(host_.paused); }

bool JobPoller::limit_reached(const RunnerEntry& entry) const {
    const auto& runner = *entry.runner;
    if (runner.limit <= 0) return false;
    const int running = host_.running_jobs_of(config::runner_identity(runner));
    if (running + entry.token_state->requests_in_flight < runner.limit) return false;
    base::log::debug("The runner's limit is reached", {{"runner", entry.short_token}});
    return true;
}

/// Besides the place of the request itself, one is left for each of the other entries that is not
/// asking, and one at least: the entry whose request becomes a job asks again.
bool JobPoller::may_be_held(const RunnerEntry& entry) const {
    bool alone = true;
    int not_asking = 0;
    for (const auto& other : entries_) {
        const bool same = other->token_state == entry.token_state;
        if (same || !can_run_jobs(*other->runner) || host_.paused(*other)) continue;
        alone = false;
        if (other->token_state->requests_in_flight == 0) ++not_asking;
    }
    const int free = concurrent_ - host_.running_jobs() - requests_under_way() - 1;
    return alone || free >= std::max(1, not_asking);
}

void JobPoller::offer(const std::shared_ptr<RunnerEntry>& entry) {
    if (stopped_ || !has_room() || host_.paused(*entry)) return;
    if (!requests_.may_ask(*entry)) return host_.fed(*entry, status::Feed::kUnhealthy);
    const bool limited = limit_reached(*entry);
    const bool slot = limited || has_request_slot(*entry);
    host_.fed(*entry, slot ? status::Feed::kOffered : status::Feed::kNoRequestSlot);
    if (!limited && slot) group_.spawn("request a job", request(entry));
}

base::Task<void> JobPoller::request(std::shared_ptr<RunnerEntry> entry) {
    const auto begin = Clock::now();
    const bool held = may_be_held(*entry);
    auto asking = requests_.ask(entry, held);
    auto reply = co_await std::move(asking);
    const auto& answer = reply.answer;
    const bool got_job = answer.outcome == gitlab::JobRequestOutcome::kJob;
    entry->token_state->last_answer_was_a_job = got_job;
    const bool again = got_job || entry->token_state->ends_a_hold(
                                      answer.held, Clock::now() - begin < check_interval_);
    if (got_job) host_.accept(entry, std::move(reply));
    changed_.notify_all();
    if (again && !entry->runner->strict_check_interval) offer(entry);
}

void JobPoller::stop() {
    stopped_ = true;
    changed_.notify_all();
}

base::Task<void> JobPoller::drain() { co_await group_.wait(); }

}  // namespace runner::daemon
