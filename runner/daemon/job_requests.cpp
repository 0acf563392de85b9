#include "runner/daemon/job_requests.hpp"

#include <iterator>
#include <utility>

#include "base/log.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

gitlab::JobRequest request_body(const RunnerEntry& entry, const std::string& system_id,
                                bool may_be_held, std::optional<gitlab::SessionInfo> session) {
    gitlab::JobRequest body;
    body.session = std::move(session);
    body.token = entry.runner->token;
    body.system_id = system_id;
    body.info = runner_info(*entry.config, *entry.runner);
    body.may_be_held = may_be_held;
    return body;
}

base::Task<base::Result<gitlab::JobRequestAnswer>> request_job(
    std::shared_ptr<gitlab::JobsApi> jobs, gitlab::JobRequest body) {
    auto answer = co_await jobs->request_job(std::move(body));
    co_return std::move(answer);
}

}  // namespace

bool JobRequests::may_ask(const RunnerEntry& entry) {
    const auto& runner = *entry.runner;
    return can_run_jobs(runner) && health_.may_ask(entry.key, runner.unhealthy_requests_limit,
                                                   runner.unhealthy_interval, Clock::now());
}

void JobRequests::cancel(const std::function<bool(const RunnerEntry&)>& wanted) {
    for (UnderWay& request : under_way_) {
        if (wanted(*request.entry)) request.stop.request(base::StopReason::kShutdown);
    }
}

base::Task<gitlab::JobRequestAnswer> JobRequests::send(std::shared_ptr<RunnerEntry> entry,
                                                       bool may_be_held,
                                                       std::optional<gitlab::SessionInfo> session) {
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
    auto asking =
        request_job(entry->jobs, request_body(*entry, system_id_, may_be_held, std::move(session)));
    auto outcome = co_await base::run_stoppable<gitlab::JobRequestAnswer>(
        &mine.stop, std::move(asking), std::nullopt);
    gitlab::JobRequestAnswer answer;
    if (outcome) {
        answer = std::move(*outcome);
    } else {
        answer.outcome = gitlab::JobRequestOutcome::kCancelled;
        answer.message = outcome.error().message;
    }
    co_return answer;
}

base::Task<JobRequests::Reply> JobRequests::ask(std::shared_ptr<RunnerEntry> entry,
                                                bool may_be_held) {
    AnnouncedSession announced;
    if (open_session_) announced = open_session_(*entry);
    auto sending = send(entry, may_be_held, std::move(announced.info));
    Reply reply;
    reply.answer = co_await std::move(sending);
    reply.session = std::move(announced.session);
    judge(*entry, reply.answer);
    co_return std::move(reply);
}

void JobRequests::judge(const RunnerEntry& entry, const gitlab::JobRequestAnswer& answer) {
    using Outcome = AdaptiveRequestLimit::Outcome;
    const auto& runner = *entry.runner;
    const bool got_job = answer.outcome == gitlab::JobRequestOutcome::kJob;
    const Outcome outcome = answer.retriable_seen ? Outcome::kServerTrouble
                            : got_job             ? Outcome::kJob
                                                  : Outcome::kNoJob;
    entry.token_state->adaptive.record(outcome, runner.request_concurrency);
    observe_(entry, answer);
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
void JobRequests::log_availability(const RunnerEntry& entry,
                                   const gitlab::JobRequestAnswer& answer) {
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

}  // namespace runner::daemon
